// Package storetest is what every Store must do, as one suite of tests.
package storetest
