package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

// clean turns a picture of the charting library into one that fits the page: colours become classes,
// fonts those of the page, the size that of its place. Only what is known is let through, so that
// nothing in a label can be more than text.
func clean(drawn io.Reader, f frame) (template.HTML, error) {
	d := xml.NewDecoder(drawn)
	w := &svgWriter{frame: f}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return template.HTML(w.b.String()), nil
		}
		if err == nil {
			err = w.write(token)
		}
		if err != nil {
			return "", fmt.Errorf("svg: %w", err)
		}
	}
}

// frame is what a picture is in the page.
type frame struct {
	id, class   string
	title, desc string
}

// svgWriter writes the elements of a picture.
type svgWriter struct {
	frame

	b    strings.Builder
	text bool // inside a text element
}

func (w *svgWriter) write(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return w.start(t)
	case xml.EndElement:
		w.text = false
		w.b.WriteString("</" + t.Name.Local + ">")
	case xml.CharData:
		if w.text {
			w.b.WriteString(template.HTMLEscapeString(string(t)))
		}
	}
	return nil
}

func (w *svgWriter) start(e xml.StartElement) error {
	allowed := map[string][]string{
		"svg": {"viewBox"}, "g": {"transform"}, "path": {"d"}, "text": {"x", "y", "transform"},
	}
	names, ok := allowed[e.Name.Local]
	if !ok {
		return fmt.Errorf("the element %q is not known", e.Name.Local)
	}
	w.b.WriteString("<" + e.Name.Local)
	for _, a := range e.Attr {
		switch {
		case slices.Contains(names, a.Name.Local):
			w.attribute(a.Name.Local, a.Value)
		case a.Name.Local == "style":
			if err := w.style(a.Value); err != nil {
				return err
			}
		}
	}
	w.text = e.Name.Local == "text"
	if e.Name.Local != "svg" {
		w.b.WriteString(">")
		return nil
	}
	w.root()
	return nil
}

// root ends the tag of the picture itself, and says what it shows to those who cannot see it.
func (w *svgWriter) root() {
	w.attribute("class", w.class)
	w.attribute("role", "img")
	w.attribute("aria-labelledby", w.id+" "+w.id+"-desc")
	fmt.Fprintf(&w.b, `><title id="%s">%s</title><desc id="%[1]s-desc">%[3]s</desc>`,
		template.HTMLEscapeString(w.id), template.HTMLEscapeString(w.title), template.HTMLEscapeString(w.desc))
}

func (w *svgWriter) attribute(name, value string) {
	w.b.WriteString(" " + name + `="` + template.HTMLEscapeString(value) + `"`)
}

// style turns declarations into attributes, and colours into a class: f- for a fill, s- for a stroke.
func (w *svgWriter) style(declarations string) error {
	for declaration := range strings.SplitSeq(declarations, ";") {
		name, value, _ := strings.Cut(declaration, ":")
		switch {
		case (name == "fill" || name == "stroke") && value != "none":
			k, err := inkOf(value)
			if err != nil {
				return err
			}
			w.attribute("class", name[:1]+"-"+string(k))
		case slices.Contains([]string{"fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-dashoffset", "font-size"}, name):
			w.attribute(name, strings.TrimSuffix(value, "px"))
		}
	}
	return nil
}
