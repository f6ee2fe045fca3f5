// Package archtest holds the rules of the house as tests: who may import whom, where a library may appear, that links in the documentation
// lead somewhere. docs/architecture.md says why.
package archtest
