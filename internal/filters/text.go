package filters

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

// Format returns the criteria as text: BackupJobFilter{states: ABORTED|FAILED, topLevel}.
func (t *Table[T]) Format(c Criteria) string {
	return t.Name + "{" + strings.Join(t.describe(c, func(Key) bool { return true }), ", ") + "}"
}

// describe returns the conditions as text, one a member and tag, in the table's order. It leaves out the
// members for which include returns false.
func (t *Table[T]) describe(c Criteria, include func(Key) bool) []string {
	var parts []string
	add := func(k Key, text string) {
		if include(k) {
			parts = append(parts, text)
		}
	}
	for _, m := range t.Sets {
		if values, ok := c.sets[m.Key]; ok {
			add(m.Key, m.Key.String()+": "+cmp.Or(strings.Join(values, "|"), "nothing"))
		}
	}
	for _, b := range t.Times {
		if limit, ok := c.times[b.Key]; ok {
			add(b.Key, b.Key.String()+": "+limit.Format(time.RFC3339Nano))
		}
	}
	for _, f := range t.Flags {
		if c.flags[f.Key] {
			add(f.Key, f.Key.String())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		text := "tag " + key
		if values := c.tags[key]; values != nil {
			text += ": " + cmp.Or(strings.Join(values, "|"), "nothing")
		}
		add(KeyTags, text)
	}
	return parts
}

// Marshal returns the criteria as a JSON object with its members in alphabetical order: equal criteria give
// equal bytes.
func (t *Table[T]) Marshal(c Criteria) ([]byte, error) {
	out := map[string]any{}
	for _, m := range t.Sets {
		values, ok := c.sets[m.Key]
		switch {
		case ok && m.Boolean && len(values) == 1 && m.validate(values[0]) == nil:
			out[m.Key.String()] = values[0] == "true"
		case ok:
			out[m.Key.String()] = values
		}
	}
	for k, limit := range c.times {
		out[k.String()] = limit
	}
	for k := range c.flags {
		out[k.String()] = true
	}
	if c.tags != nil {
		out[KeyTags.String()] = c.tags
	}
	return json.Marshal(out)
}

// Unmarshal reads what Marshal wrote. An unknown member is an error, because ignoring it would widen the
// filter. After an error the criteria are what they were. As with Validate, the filter's name is for the caller
// to add.
func (t *Table[T]) Unmarshal(data []byte, into *Criteria) error {
	var c Criteria
	err := eachMember(data, func(name string, value json.RawMessage) error {
		if string(value) == "null" {
			return errors.New("null is no value")
		}
		var err error
		c, err = t.decode(c, name, value)
		return err
	})
	if err != nil {
		return err
	}
	*into = c
	return nil
}

// eachMember calls f for each member of a JSON object. A member that comes twice is an error.
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
		name := key.(string) // the decoder accepts no other key in an object
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

// decode adds one member of a JSON object to the criteria.
func (t *Table[T]) decode(c Criteria, name string, value json.RawMessage) (Criteria, error) {
	if m, ok := lo.Find(t.Sets, func(m Member[T]) bool { return m.Key.String() == name }); ok {
		values, err := m.decode(value)
		return t.Narrow(c, m.Key, values), err
	}
	if b, ok := lo.Find(t.Times, func(b Bound[T]) bool { return b.Key.String() == name }); ok {
		var at time.Time
		err := json.Unmarshal(value, &at)
		return t.Limit(c, b.Key, at), err
	}
	if f, ok := lo.Find(t.Flags, func(f Flag[T]) bool { return f.Key.String() == name }); ok {
		if string(value) != "true" {
			return c, errors.New("true is its only value")
		}
		return t.Flag(c, f.Key), nil
	}
	if name != KeyTags.String() || t.Tags == nil {
		return c, errors.New("no member of this filter")
	}
	return t.decodeTags(c, value)
}

// decode reads the values of a member: a JSON array of strings, or true or false for a boolean member.
func (m Member[T]) decode(value json.RawMessage) ([]string, error) {
	if s := string(value); m.Boolean && (s == "true" || s == "false") {
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

// decodeTags reads a JSON object that has the allowed values by tag key; null allows any value.
func (t *Table[T]) decodeTags(c Criteria, value json.RawMessage) (Criteria, error) {
	c.tags = lo.Assign(c.tags)
	err := eachMember(value, func(key string, value json.RawMessage) error {
		if string(value) == "null" {
			c.tag(key, nil)
			return nil
		}
		values, err := Member[struct{}]{}.decode(value)
		if err == nil {
			c.tag(key, values)
		}
		return err
	})
	if len(c.tags) == 0 {
		c.tags = nil
	}
	return c, err
}
