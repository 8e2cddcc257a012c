package backupx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// format is the criteria as text: BackupJobFilter{states: ABORTED|FAILED, topLevel}.
func (t *table[T]) format(c criteria) string {
	return t.name + "{" + strings.Join(t.parts(c, func(string) bool { return true }), ", ") + "}"
}

// parts are the members asked for as text, in the table's order.
func (t *table[T]) parts(c criteria, which func(member string) bool) []string {
	var parts []string
	add := func(name, text string) {
		if which(name) {
			parts = append(parts, text)
		}
	}
	for _, m := range t.sets {
		if values, ok := c.sets[m.name]; ok {
			add(m.name, m.name+": "+cmp.Or(strings.Join(values, "|"), "nothing"))
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.name]; ok {
			add(b.name, b.name+": "+limit.Format(time.RFC3339Nano))
		}
	}
	for _, f := range t.flags {
		if c.flags[f.name] {
			add(f.name, f.name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		text := "tag " + key
		if values := c.tags[key]; values != nil {
			text += ": " + cmp.Or(strings.Join(values, "|"), "nothing")
		}
		add("tags", text)
	}
	return parts
}

// marshal is the criteria as JSON, the members in alphabetical order: equal criteria, equal bytes.
func (t *table[T]) marshal(c criteria) ([]byte, error) {
	out := map[string]any{}
	for _, m := range t.sets {
		values, ok := c.sets[m.name]
		switch {
		case ok && m.bools && len(values) == 1 && m.wrong(values[0]) == nil:
			out[m.name] = values[0] == "true"
		case ok:
			out[m.name] = values
		}
	}
	for name, limit := range c.times {
		out[name] = limit
	}
	for name := range c.flags {
		out[name] = true
	}
	if c.tags != nil {
		out["tags"] = c.tags
	}
	return json.Marshal(out)
}

// unmarshal reads what marshal wrote. What it does not know is an error, which leaves the criteria as
// they were: to pass it over would make the filter wider.
func (t *table[T]) unmarshal(data []byte, into *criteria) error {
	var c criteria
	err := eachMember(data, func(name string, value json.RawMessage) error {
		if string(value) == "null" {
			return errors.New("null is no value")
		}
		var err error
		c, err = t.decode(c, name, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("backupx: %s: %w: %w", t.name, ErrFilter, err)
	}
	*into = c
	return nil
}

// eachMember goes through a JSON object. A member that comes twice is an error.
func eachMember(data []byte, f func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name := key.(string) // a member of an object has a string for a name, or the decoder fails
		if seen[name] {
			return fmt.Errorf("the member %q comes twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(name, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something comes after the JSON object")
	}
	return nil
}

func (t *table[T]) decode(c criteria, name string, value json.RawMessage) (criteria, error) {
	if m, ok := lo.Find(t.sets, func(m member[T]) bool { return m.name == name }); ok {
		values, err := m.decode(value)
		return t.narrow(c, name, values), err
	}
	if lo.ContainsBy(t.times, func(b bound[T]) bool { return b.name == name }) {
		var at time.Time
		err := json.Unmarshal(value, &at)
		c.times = with(c.times, name, at.UTC())
		return c, err
	}
	if lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.name == name }) {
		if string(value) != "true" {
			return c, errors.New("true is its only value")
		}
		return c.flag(name), nil
	}
	if name != "tags" || t.tags == nil {
		return c, errors.New("no member of this filter")
	}
	return c.decodeTags(value)
}

func (m member[T]) decode(value json.RawMessage) ([]string, error) {
	if s := string(value); m.bools && (s == "true" || s == "false") {
		return []string{s}, nil
	}
	var elements []*string
	if err := json.Unmarshal(value, &elements); err != nil {
		return nil, err
	}
	values := make([]string, len(elements))
	for i, v := range elements {
		if v == nil {
			return nil, errors.New("null is no value")
		}
		values[i] = *v
	}
	return values, nil
}

func (c criteria) decodeTags(value json.RawMessage) (criteria, error) {
	err := eachMember(value, func(key string, value json.RawMessage) error {
		if string(value) == "null" {
			c = c.tag(key, nil)
			return nil
		}
		values, err := member[struct{}]{}.decode(value)
		c = c.tag(key, values)
		return err
	})
	return c, err
}
