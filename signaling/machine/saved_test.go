package machine_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"passerby/signaling/machine"
)

// minor are the fields in which a change need not be written down before anybody hears of it.
var minor = []string{
	"Attached", "Until", "Since", "Position", "Draining",
	"Match.Sent", "Match.Acked", "Match.Doubt", "Match.Told",
}

func TestUrgentLooksAtEveryField(t *testing.T) {
	var seen []string
	each(reflect.TypeFor[machine.State](), "", func(path []int, name string) {
		var a, b machine.State
		change(reflect.ValueOf(&b).Elem().FieldByIndex(path))
		seen = append(seen, name)
		if want := !slices.Contains(minor, name); machine.Urgent(a, b) != want || machine.Urgent(b, b) {
			t.Errorf("a change of %s: urgent is %t", name, !want)
		}
	})
	for _, name := range minor {
		if !slices.Contains(seen, name) {
			t.Errorf("there is no field %s", name)
		}
	}
}

// each visits the fields of a struct and of the structs in it.
func each(of reflect.Type, prefix string, visit func(path []int, name string)) {
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[time.Time]() {
			visit([]int{i}, prefix+f.Name)
			continue
		}
		each(f.Type, prefix+f.Name+".", func(path []int, name string) { visit(append([]int{i}, path...), name) })
	}
}

func change(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1, 0)))
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanUint():
		v.SetUint(1)
	case v.CanInt():
		v.SetInt(1)
	default:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	}
}
