package display

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// normalize makes d fit the protocol; v is the value it stands for.
func normalize(d Data, v any) Data {
	out := Data{Data: MIMEMap{}, Metadata: MIMEMap{}, Transient: d.Transient}
	for key, value := range d.Data {
		key = bareMIME(key)
		if encoded, ok := encode(key, value); ok {
			out.Data[key] = encoded
		}
	}
	for key, value := range d.Metadata {
		out.Metadata[bareMIME(key)] = value
	}
	if _, ok := out.Data[MIMETypeText]; !ok {
		out.Data[MIMETypeText] = alternative(out.Data, d.Data, v)
	}
	return out
}

// bareMIME drops parameters: "text/html; charset=utf-8" is "text/html".
func bareMIME(key string) string {
	key, _, _ = strings.Cut(key, ";")
	return strings.TrimSpace(key)
}

var mimePattern = regexp.MustCompile(`^(text|image|application|audio|video|model)/[\w.+-]+(;.*)?$`)

func looksLikeMIME(key string) bool { return mimePattern.MatchString(key) }

func isJSON(mime string) bool {
	return mime == MIMETypeJSON || strings.HasSuffix(mime, "+json")
}

// isText reports whether data of this type travels as it is rather than base64.
func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+xml") ||
		slices.Contains([]string{MIMETypeJavaScript, "application/xml", "application/x-latex"}, mime)
}

// encode is value as JSON can carry it under mime; false when it cannot.
func encode(mime string, value any) (any, bool) {
	switch value := value.(type) {
	case nil:
		return nil, false
	case string:
		if isJSON(mime) {
			return encodeJSON([]byte(value), value)
		}
		return strings.ToValidUTF8(value, "\uFFFD"), true
	case []byte:
		if isJSON(mime) {
			return encodeJSON(value, string(value))
		}
		if isText(mime) && utf8.Valid(value) {
			return string(value), true
		}
		return base64.StdEncoding.EncodeToString(value), true
	}
	if isJSON(mime) {
		j, err := json.Marshal(value)
		return json.RawMessage(j), err == nil
	}
	return fmt.Sprint(value), true
}

// encodeJSON keeps text that is JSON as what it says, and other text as a string.
func encodeJSON(text []byte, otherwise string) (any, bool) {
	if json.Valid(text) {
		return json.RawMessage(text), true
	}
	return otherwise, true
}

// alternative is the text for front ends that can show no richer format.
func alternative(encoded, given MIMEMap, v any) string {
	for _, mime := range []string{MIMETypeMarkdown, MIMETypeLatex} {
		if s, ok := encoded[mime].(string); ok {
			return s
		}
	}
	if _, ok := v.(Data); !ok {
		return Text(v)
	}
	if s, ok := encoded[MIMETypeHTML].(string); ok {
		if len(s) > mostHTML {
			return fmt.Sprintf("<%s, %s bytes>", MIMETypeHTML, thousands(len(s)))
		}
		return stripTags(s)
	}
	if len(given) == 0 {
		return ""
	}
	mime := slices.Min(slices.Collect(maps.Keys(given)))
	if b, ok := given[mime].([]byte); ok {
		return fmt.Sprintf("<%s, %s bytes>", bareMIME(mime), thousands(len(b)))
	}
	return fmt.Sprintf("<%s>", bareMIME(mime))
}

// mostHTML is how long HTML may be whose text stands beside it.
const mostHTML = 1 << 20

var tagPattern = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[^>]*>`)

func stripTags(s string) string {
	return strings.TrimSpace(html.UnescapeString(tagPattern.ReplaceAllString(s, "")))
}
