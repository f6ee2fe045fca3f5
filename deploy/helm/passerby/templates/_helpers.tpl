{{- define "passerby.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "passerby.selector" -}}
app.kubernetes.io/name: passerby
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "passerby.labels" -}}
{{ include "passerby.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "passerby.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "passerby.onHost" -}}
{{- if eq .Values.media.mode "hostNetwork" }}true{{ end -}}
{{- end -}}

{{- define "passerby.most" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.maxReplicas }}{{ else }}{{ .Values.replicas }}{{ end -}}
{{- end -}}

{{/* What the chart sets itself, over .Values.settings. */}}
{{- define "passerby.settings" -}}
{{- $own := dict
  "http" ":8080"
  "admin" ":9090"
  "udp" (printf ":%v" .Values.media.port)
  "tcp" (printf ":%v" .Values.media.port)
  "link" (printf ":%v" .Values.link.port)
  "data-dir" "/data"
  "trusted-proxies" .Values.trustedProxies
  "drain-timeout" (printf "%vs" .Values.drainSeconds)
  "turn-listen" (ternary (printf ":%v" .Values.turn.port) "off" (and .Values.turn.enabled (eq .Values.media.mode "hostNetwork")))
-}}
{{- mergeOverwrite (deepCopy .Values.settings) $own | toYaml -}}
{{- end -}}

{{- define "passerby.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "passerby.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "passerby.volumes" -}}
- name: settings
  configMap: {name: {{ include "passerby.name" . }}}
- name: data
  secret:
    secretName: {{ .Values.existingSecret }}
    defaultMode: 0440
    items:
      - {key: root.key, path: root.key}
      - {key: store.key, path: store.key}
- name: secrets
  secret:
    secretName: {{ .Values.existingSecret }}
    defaultMode: 0440
{{- if .Values.media.addresses }}
- name: addresses
  configMap: {name: {{ include "passerby.name" . }}-addresses}
{{- end }}
{{- end -}}

{{- define "passerby.mounts" -}}
- {name: settings, mountPath: /etc/passerby, readOnly: true}
- {name: data, mountPath: /data, readOnly: true}
- {name: secrets, mountPath: /secrets, readOnly: true}
{{- if .Values.media.addresses }}
- {name: addresses, mountPath: /addresses, readOnly: true}
{{- end }}
{{- end -}}
