package app_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"passerby/internal/config"
)

// manifest is what the test looks at of a Kubernetes object.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args    []string
					EnvFrom []struct {
						SecretRef struct{ Name string } `yaml:"secretRef"`
					} `yaml:"envFrom"`
					Ports []struct {
						ContainerPort int `yaml:"containerPort"`
						Protocol      string
					}
					ReadinessProbe probe                   `yaml:"readinessProbe"`
					LivenessProbe  probe                   `yaml:"livenessProbe"`
					VolumeMounts   []struct{ Name string } `yaml:"volumeMounts"`
				}
				Volumes []struct{ Name string }
			}
		}
	}
}

type probe struct {
	HTTPGet struct {
		Host, Path string
		Port       int
	} `yaml:"httpGet"`
}

// The manifest is held to the program: its arguments and secrets are settings, and ports, probes and times are those that they mean.
func TestKubernetesManifest(t *testing.T) {
	b, err := os.ReadFile("../../deploy/kubernetes/turn.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]manifest{}
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m.APIVersion == "" || m.Metadata.Name == "" {
			t.Errorf("an object without version or name: %+v", m)
		}
		kinds[m.Kind] = m
	}
	set, secret := kinds["DaemonSet"], kinds["Secret"]
	pod := set.Spec.Template.Spec
	if len(pod.Containers) != 1 || len(set.Spec.Selector.MatchLabels) == 0 || set.Spec.Template.Metadata.Labels["app"] != set.Spec.Selector.MatchLabels["app"] {
		t.Fatalf("%d containers, or a selector that does not select them", len(pod.Containers))
	}
	c := pod.Containers[0]
	if len(c.EnvFrom) != 1 || c.EnvFrom[0].SecretRef.Name != secret.Metadata.Name || len(c.VolumeMounts) != 1 || c.VolumeMounts[0].Name != pod.Volumes[0].Name {
		t.Error("the container does not use the secret or the volume")
	}
	var environ []string
	for name := range secret.StringData {
		environ = append(environ, name+"=")
	}
	if unknown := config.UnknownEnv(environ); len(unknown) > 0 || len(environ) == 0 {
		t.Errorf("%v are no settings", unknown)
	}
	if c.Args[0] != "turn" {
		t.Fatalf("runs %v", c.Args)
	}
	cfg, err := config.LoadTURN(c.Args[1:], func(name string) (string, bool) { v, ok := secret.StringData[name]; return v, ok }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Secrets) != 1 || time.Duration(pod.Grace)*time.Second <= cfg.DrainTimeout {
		t.Errorf("secrets %d; killed after %d s, drains for %v", len(cfg.Secrets), pod.Grace, cfg.DrainTimeout)
	}
	ports := map[string]bool{}
	for _, p := range c.Ports {
		ports[p.Protocol+" :"+strconv.Itoa(p.ContainerPort)] = true
	}
	for _, want := range []string{"UDP " + cfg.Listen, "TCP " + cfg.Listen, "UDP " + cfg.TLSListen, "TCP " + cfg.TLSListen} {
		if !ports[want] || len(ports) != 4 {
			t.Errorf("ports %v, want %s", ports, want)
		}
	}
	for path, p := range map[string]probe{"/readyz": c.ReadinessProbe, "/healthz": c.LivenessProbe} {
		if at := net.JoinHostPort(p.HTTPGet.Host, strconv.Itoa(p.HTTPGet.Port)); at != cfg.Admin || p.HTTPGet.Path != path {
			t.Errorf("a probe of %s%s, want %s%s", at, p.HTTPGet.Path, cfg.Admin, path)
		}
	}
}
