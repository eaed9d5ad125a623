{{- define "poolkeeper.name" -}}
{{- $named := contains "poolkeeper" .Release.Name | ternary .Release.Name (printf "%s-poolkeeper" .Release.Name) -}}
{{- .Values.fullnameOverride | default $named | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "poolkeeper.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "poolkeeper.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | required "serviceAccount.name: with serviceAccount.create false it must be one that is there" -}}
{{- end -}}
{{- end }}

{{- /* What a Deployment selects by must never change: neither the chart's version nor anything of the values is in it. */}}
{{- define "poolkeeper.selector" -}}
app.kubernetes.io/name: poolkeeper
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "poolkeeper.labels" -}}
{{ include "poolkeeper.selector" . }}
app.kubernetes.io/part-of: poolkeeper
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "poolkeeper.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end }}

{{- /* The rules of manifests/base, with the price book's name in them. */}}
{{- define "poolkeeper.rules" -}}
{{- $given := quote .Values.priceBook.name | printf "[%s]" -}}
{{- $accepted := printf "%s-accepted" .Values.priceBook.name | quote | printf "[%s]" -}}
{{ .Files.Get "files/rules.yaml" | replace "[poolkeeper-prices]" $given | replace "[poolkeeper-prices-accepted]" $accepted }}
{{- end }}

{{- define "poolkeeper.subjects" -}}
subjects:
- {kind: ServiceAccount, name: {{ include "poolkeeper.account" . | quote }}, namespace: {{ .Release.Namespace | quote }}}
{{- end }}

{{- /* The administrator's files, by name: what is in them, and the Secret beside them. */}}
{{- define "poolkeeper.files" -}}
prometheus:
  option: --prometheus-file
  content: {{ .Values.prometheus.servers | toJson }}
  secret: {{ .Values.prometheus.secret | quote }}
brokers:
  option: --brokers-file
  content: {{ .Values.brokers.servers | toJson }}
  secret: {{ .Values.brokers.secret | quote }}
costs:
  option: --costs
  content: {{ .Values.costs.file | toJson }}
  secret: {{ .Values.costs.secret | quote }}
{{- end }}
