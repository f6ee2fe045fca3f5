package boards

import "encoding/json"

// Panel is one picture: its queries, each with a legend.
type Panel struct {
	Title, Text, Unit string
	Kind              string // stat or timeseries
	Queries           []Query
}

// Query is PromQL. $instance stands for the chosen nodes.
type Query struct{ Expr, Legend string }

// Row is a line of panels under a heading.
type Row struct {
	Title  string
	Panels []Panel
}

const width = 24

// JSON is the dashboard in Grafana's form.
func JSON() ([]byte, error) {
	source := map[string]any{"type": "prometheus", "uid": "${datasource}"}
	var panels []any
	y, id := 0, 0
	next := func() int { id++; return id }
	for _, row := range Rows() {
		panels = append(panels, map[string]any{
			"id": next(), "type": "row", "title": row.Title, "collapsed": false, "panels": []any{},
			"gridPos": map[string]int{"x": 0, "y": y, "w": width, "h": 1},
		})
		y++
		w := width / max(1, len(row.Panels))
		h := 8
		if row.Panels[0].Kind == "stat" {
			h = 4
		}
		for i, p := range row.Panels {
			panels = append(panels, panel(p, next(), map[string]int{"x": i * w, "y": y, "w": w, "h": h}, source))
		}
		y += h
	}
	return json.MarshalIndent(map[string]any{
		"title": "Passerby", "uid": "passerby", "tags": []string{"passerby"}, "schemaVersion": 39, "version": 1, "editable": true,
		"refresh": "30s", "time": map[string]string{"from": "now-6h", "to": "now"},
		"templating": map[string]any{"list": []any{
			map[string]any{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
			map[string]any{
				"name": "instance", "label": "Node", "type": "query", "datasource": source, "query": "label_values(passerby_build_info, instance)",
				"refresh": 2, "multi": true, "includeAll": true, "allValue": ".*", "current": map[string]string{"text": "All", "value": "$__all"},
			},
		}},
		"panels": panels,
	}, "", "  ")
}

func panel(p Panel, id int, at map[string]int, source map[string]any) map[string]any {
	targets := make([]any, len(p.Queries))
	for i, q := range p.Queries {
		targets[i] = map[string]any{
			"refId": string(rune('A' + i)), "datasource": source, "expr": q.Expr, "legendFormat": q.Legend,
			"exemplar": p.Kind == "timeseries",
		}
	}
	options := map[string]any{
		"legend": map[string]any{"displayMode": "list", "placement": "bottom"}, "tooltip": map[string]string{"mode": "multi"},
	}
	if p.Kind == "stat" {
		options = map[string]any{"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}, "colorMode": "none", "graphMode": "area"}
	}
	return map[string]any{
		"id": id, "type": p.Kind, "title": p.Title, "description": p.Text, "datasource": source, "gridPos": at, "options": options,
		"fieldConfig": map[string]any{"defaults": map[string]any{"unit": p.Unit, "min": 0}, "overrides": []any{}}, "targets": targets,
	}
}
