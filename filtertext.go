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

// format returns the criteria as text: BackupJobFilter{states: ABORTED|FAILED, topLevel}.
func (t *table[T]) format(c criteria) string {
	return t.name + "{" + strings.Join(t.describe(c, func(key) bool { return true }), ", ") + "}"
}

// describe returns the conditions as text, one a member and tag, in the table's order. It leaves out the
// members for which include returns false.
func (t *table[T]) describe(c criteria, include func(key) bool) []string {
	var parts []string
	add := func(k key, text string) {
		if include(k) {
			parts = append(parts, text)
		}
	}
	for _, m := range t.sets {
		if values, ok := c.sets[m.key]; ok {
			add(m.key, m.key.String()+": "+cmp.Or(strings.Join(values, "|"), "nothing"))
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.key]; ok {
			add(b.key, b.key.String()+": "+limit.Format(time.RFC3339Nano))
		}
	}
	for _, f := range t.flags {
		if c.flags[f.key] {
			add(f.key, f.key.String())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		text := "tag " + key
		if values := c.tags[key]; values != nil {
			text += ": " + cmp.Or(strings.Join(values, "|"), "nothing")
		}
		add(keyTags, text)
	}
	return parts
}

// marshal returns the criteria as a JSON object with its members in alphabetical order: equal criteria give
// equal bytes.
func (t *table[T]) marshal(c criteria) ([]byte, error) {
	out := map[string]any{}
	for _, m := range t.sets {
		values, ok := c.sets[m.key]
		switch {
		case ok && m.boolean && len(values) == 1 && m.validate(values[0]) == nil:
			out[m.key.String()] = values[0] == "true"
		case ok:
			out[m.key.String()] = values
		}
	}
	for k, limit := range c.times {
		out[k.String()] = limit
	}
	for k := range c.flags {
		out[k.String()] = true
	}
	if c.tags != nil {
		out[keyTags.String()] = c.tags
	}
	return json.Marshal(out)
}

// unmarshal reads what marshal wrote. An unknown member is an error, because ignoring it would widen the
// filter. After an error the criteria are what they were.
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
func (t *table[T]) decode(c criteria, name string, value json.RawMessage) (criteria, error) {
	if m, ok := lo.Find(t.sets, func(m member[T]) bool { return m.key.String() == name }); ok {
		values, err := m.decode(value)
		return t.narrow(c, m.key, values), err
	}
	if b, ok := lo.Find(t.times, func(b bound[T]) bool { return b.key.String() == name }); ok {
		var at time.Time
		err := json.Unmarshal(value, &at)
		return t.limit(c, b.key, at), err
	}
	if f, ok := lo.Find(t.flags, func(f flag[T]) bool { return f.key.String() == name }); ok {
		if string(value) != "true" {
			return c, errors.New("true is its only value")
		}
		return t.flag(c, f.key), nil
	}
	if name != keyTags.String() || t.tags == nil {
		return c, errors.New("no member of this filter")
	}
	return t.decodeTags(c, value)
}

// decode reads the values of a member: a JSON array of strings, or true or false for a boolean member.
func (m member[T]) decode(value json.RawMessage) ([]string, error) {
	if s := string(value); m.boolean && (s == "true" || s == "false") {
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
func (t *table[T]) decodeTags(c criteria, value json.RawMessage) (criteria, error) {
	err := eachMember(value, func(key string, value json.RawMessage) error {
		if string(value) == "null" {
			c = t.tag(c, key, nil)
			return nil
		}
		values, err := member[struct{}]{}.decode(value)
		c = t.tag(c, key, values)
		return err
	})
	return c, err
}
