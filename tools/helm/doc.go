// Package helm tests the chart in deploy/helm. It is a module of its own, since Helm and Kubernetes are large:
//
//	cd tools/helm && go test ./...
package helm
