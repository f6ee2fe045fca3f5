package helm

import (
	"bufio"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const chartDir = "../../deploy/helm/passerby"

// render is `helm template`, with the values of a file over the chart's; err is the schema's or a template's.
func render(t *testing.T, file string) (map[string]string, error) {
	t.Helper()
	chart, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := chart.Validate(); err != nil {
		t.Fatal(err)
	}
	values := chartutil.Values{}
	if file != "" {
		if values, err = chartutil.ReadValuesFile(file); err != nil {
			t.Fatal(err)
		}
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "passerby", Namespace: "chat", IsInstall: true}, nil)
	if err != nil {
		return nil, err
	}
	e := engine.Engine{Strict: true}
	return e.Render(chart, all)
}

// objects decodes what was rendered into Kubernetes' own types. A field that they lack, or one that comes twice, is an error.
func objects(t *testing.T, rendered map[string]string) []runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var all []runtime.Object
	for name, text := range rendered {
		if path.Ext(name) != ".yaml" {
			continue
		}
		docs := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
		for {
			doc, err := docs.Read()
			if err != nil {
				break
			}
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(doc, &kind); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, doc)
			}
			if kind.Kind == "" { // nothing but comments
				continue
			}
			if kind.Kind == "PodMonitor" { // not of Kubernetes: well-formed is all that is known
				continue
			}
			o, _, err := decoder.Decode(doc, nil, nil)
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, doc)
				continue
			}
			all = append(all, o)
		}
	}
	return all
}

func find[T runtime.Object](all []runtime.Object) (found []T) {
	for _, o := range all {
		if one, ok := o.(T); ok {
			found = append(found, one)
		}
	}
	return found
}

func TestChart(t *testing.T) {
	files, err := filepath.Glob("../../deploy/helm/testdata/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range append(files, "") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rendered, err := render(t, file)
			if strings.HasPrefix(filepath.Base(file), "refused-") {
				want, _ := os.ReadFile(file)
				first, _, _ := strings.Cut(strings.TrimPrefix(string(want), "# "), "\n")
				if err == nil || !strings.Contains(err.Error(), first) {
					t.Fatalf("not refused with %q: %v", first, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			check(t, objects(t, rendered))
		})
	}
}

// check holds what belongs together together.
func check(t *testing.T, all []runtime.Object) {
	t.Helper()
	sets := find[*appsv1.StatefulSet](all)
	if len(sets) != 1 {
		t.Fatalf("%d stateful sets", len(sets))
	}
	pod := sets[0].Spec.Template
	if !selects(sets[0].Spec.Selector.MatchLabels, pod.Labels) {
		t.Error("the set does not select its pods")
	}
	c := pod.Spec.Containers[0]

	var settings struct {
		Drain string `json:"drain-timeout"`
		HTTP  string `json:"http"`
		Admin string `json:"admin"`
		UDP   string `json:"udp"`
		Link  string `json:"link"`
	}
	text := ""
	for _, m := range find[*corev1.ConfigMap](all) {
		if s, ok := m.Data["passerby.yaml"]; ok {
			text = s
		}
	}
	if err := yaml.Unmarshal([]byte(text), &settings); err != nil || text == "" {
		t.Fatalf("settings: %v\n%s", err, text)
	}
	known := knownSettings(t)
	var keys map[string]any
	_ = yaml.Unmarshal([]byte(text), &keys)
	for key := range keys {
		if !slices.Contains(known, key) {
			t.Errorf("%q is not a setting", key)
		}
	}
	for _, e := range c.Env {
		name, ok := strings.CutPrefix(e.Name, "PASSERBY_")
		if ok && !slices.Contains(known, strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(name, "_FILE"), "_", "-"))) {
			t.Errorf("%s is not a setting", e.Name)
		}
	}

	drain, err := strconv.Atoi(strings.TrimSuffix(settings.Drain, "s"))
	if err != nil || *pod.Spec.TerminationGracePeriodSeconds < int64(drain)+c.Lifecycle.PreStop.Sleep.Seconds+10 {
		t.Errorf("drain %s does not fit into the %d s that Kubernetes waits", settings.Drain, *pod.Spec.TerminationGracePeriodSeconds)
	}
	ports := map[string]int32{}
	for _, p := range c.Ports {
		ports[p.Name] = p.ContainerPort
	}
	for name, listen := range map[string]string{"http": settings.HTTP, "admin": settings.Admin, "media-udp": settings.UDP, "link": settings.Link} {
		if _, port, _ := strings.Cut(listen, ":"); port != strconv.Itoa(int(ports[name])) {
			t.Errorf("%s listens on %q, and the pod says %d", name, listen, ports[name])
		}
	}
	for _, p := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
		if p.HTTPGet.Port.StrVal != "admin" {
			t.Errorf("a probe asks %v", p.HTTPGet)
		}
	}
	if s := c.SecurityContext; !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !*pod.Spec.SecurityContext.RunAsNonRoot || s.Capabilities.Drop[0] != "ALL" {
		t.Errorf("rights: %+v", s)
	}
	volumes := map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("there is no volume %s", m.Name)
		}
	}
	for _, s := range find[*corev1.Service](all) {
		l := labels.Merge(pod.Labels, labels.Set{"statefulset.kubernetes.io/pod-name": s.Spec.Selector["statefulset.kubernetes.io/pod-name"]})
		if !selects(s.Spec.Selector, l) {
			t.Errorf("service %s selects no pod", s.Name)
		}
		for _, p := range s.Spec.Ports {
			if ports[p.TargetPort.StrVal] == 0 {
				t.Errorf("service %s: no port %s", s.Name, p.TargetPort.StrVal)
			}
		}
	}
	for _, p := range find[*networkingv1.NetworkPolicy](all) {
		if !selects(p.Spec.PodSelector.MatchLabels, pod.Labels) {
			t.Error("the policy selects no pod")
		}
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				if ports[port.Port.StrVal] == 0 {
					t.Errorf("the policy opens %v", port.Port)
				}
				if (port.Port.StrVal == "admin" || port.Port.StrVal == "link") && len(rule.From) == 0 {
					t.Errorf("%s is open to everybody", port.Port.StrVal)
				}
			}
		}
	}
	for _, b := range find[*policyv1.PodDisruptionBudget](all) {
		if !selects(b.Spec.Selector.MatchLabels, pod.Labels) {
			t.Error("the budget selects no pod")
		}
	}
	for _, h := range find[*autoscalingv2.HorizontalPodAutoscaler](all) {
		if h.Spec.ScaleTargetRef.Name != sets[0].Name || sets[0].Spec.Replicas != nil {
			t.Error("the autoscaler and the set are at odds")
		}
	}
	if len(find[*batchv1.Job](all)) != 1 || len(find[*policyv1.PodDisruptionBudget](all)) != 1 {
		t.Error("a job or a budget is missing")
	}
}

func selects(selector, of map[string]string) bool {
	return labels.SelectorFromSet(selector).Matches(labels.Set(of)) && len(selector) > 0
}

// knownSettings are the keys of config/passerby.yaml, which a test of the program holds to the program.
func knownSettings(t *testing.T) []string {
	t.Helper()
	b, err := fs.ReadFile(os.DirFS("../../config"), "passerby.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`).FindAllStringSubmatch(string(b), -1) {
		keys = append(keys, m[1])
	}
	return keys
}
