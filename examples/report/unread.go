package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// Gap is a service in a region that could not be read, or not to its end.
type Gap struct {
	Service     backupx.Service
	Region      string
	Read        int // items before the failure
	Kind, Error string
}

// Title names what is missing: "Copy jobs in eu-west-1".
func (g Gap) Title() string { return serviceTitles()[g.Service] + " in " + g.Region }

// Why says in a few words why, and how far the listing came: "throttled, after 200 read".
func (g Gap) Why() string {
	why := g.Kind
	if g.Kind == string(backupx.KindDenied) {
		why += " (it takes " + permissions()[g.Service] + ")"
	}
	if g.Read > 0 {
		why += ", after " + number(g.Read) + " read"
	}
	return why
}

// serviceProtected is the listing of -protected.
const serviceProtected backupx.Service = "protected-resources"

func serviceTitles() map[backupx.Service]string {
	return map[backupx.Service]string{
		backupx.ServiceBackupJobs: "Backup jobs", backupx.ServiceCopyJobs: "Copy jobs",
		backupx.ServiceHSM: "CloudHSM backups", serviceProtected: "Protected resources",
	}
}

func permissions() map[backupx.Service]string {
	return map[backupx.Service]string{
		backupx.ServiceBackupJobs: "backup:ListBackupJobs", backupx.ServiceCopyJobs: "backup:ListCopyJobs",
		backupx.ServiceHSM: "cloudhsm:DescribeBackups", serviceProtected: "backup:ListProtectedResources",
	}
}

// reach is how far one service could be read in all regions. It is complete only after the listing.
type reach struct {
	read int // items of the service, counted or not
	gaps []Gap
}

func (r *reach) whole() bool { return len(r.gaps) == 0 }

// unread reports whether nothing of the service is known.
func (r *reach) unread() bool { return !r.whole() && r.read == 0 }

// lacks reports whether a region was not read, or in part, so that what else it has is not known.
func (r *reach) lacks(region string) bool {
	return lo.SomeBy(r.gaps, func(g Gap) bool { return g.Region == region })
}

// why names the regions that are missing by the reason, at most three of each.
func (r *reach) why() string {
	const most = 3
	reasons := lo.Uniq(lo.Map(r.gaps, func(g Gap, _ int) string { return g.Why() }))
	return strings.Join(lo.Map(reasons, func(why string, _ int) string {
		regions := lo.FilterMap(r.gaps, func(g Gap, _ int) (string, bool) { return g.Region, g.Why() == why })
		if more := len(regions) - most; more > 0 {
			regions = append(regions[:most], number(more)+" more")
		}
		return strings.Join(regions, ", ") + ": " + why
	}), "; ")
}

// least formats a number that would be greater if everything had been read.
func (r *reach) least(n int) string {
	switch {
	case r.whole():
		return number(n)
	case n == 0:
		return notAllRead
	}
	return "at least " + number(n)
}

const (
	notRead    = "not read"
	notAllRead = "not all read" // and what was read had none
)

// figure marks a figure of what could not be read. Its number is n.
func (r *reach) figure(f Figure, n int) Figure {
	f.Value = r.least(n)
	return r.noted(f)
}

// noted adds to a figure what could not be read and why.
func (r *reach) noted(f Figure) Figure {
	switch {
	case r.unread():
		f.Value, f.Note, f.Unread, f.Bad = notRead, r.why(), true, false
	case !r.whole():
		f.Note = lo.Ternary(f.Value == notAllRead, "none ", "") + f.Note + ", in what was read. Not read: " + r.why()
		f.Unread = true
	}
	return f
}

// section marks a section of what could not be read.
func (r *reach) section(s Section) Section {
	switch {
	case r.unread():
		return Section{ID: s.ID, Title: s.Title, Unread: "Not read. " + r.why()}
	case !r.whole():
		s.Lead = "In what was read: " + lowerFirst(s.Lead)
		s.Unread = "Not everything was read: there is at least what is shown. Not read: " + r.why()
	}
	return s
}

// remark is written into each picture of a service that could not be read completely.
func (r *reach) remark() string {
	if r.whole() {
		return ""
	}
	return "at least: not everything was read"
}

// lowerFirst makes the first word of a sentence one in its middle, unless it is an abbreviation or a name.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[n:]); !unicode.IsUpper(first) || !unicode.IsLower(second) || strings.HasPrefix(s, "AWS") {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}

// subject is what the sections have in common: the days, and how far their service was read.
type subject struct {
	cal     calendar
	reach   *reach
	regions int // that were asked
}

// inRegions adds a column for the region to those of a short table, if there are several.
func (s subject) inRegions(region int, columns ...int) []int {
	if s.regions > 1 {
		return append(columns, region)
	}
	return columns
}

// count formats a number for a table: a dot for zero, and a question mark where more may be unread.
func (s subject) count(n int) string {
	if n == 0 {
		return s.none()
	}
	return number(n)
}

// none stands in a table where there is nothing.
func (s subject) none() string {
	if s.reach.whole() {
		return "·"
	}
	return "?"
}

// noneOf stands in a table where there is nothing for a resource of a region.
func (s subject) noneOf(region string) string {
	return lo.Ternary(s.reach.lacks(region), "?", "·")
}

// numbers returns an empty table whose first column names the row, and all others have numbers.
func numbers(head ...string) Table {
	return Table{Head: head, Columns: lo.Map(head, func(_ string, i int) cli.Column {
		return lo.Ternary(i == 0, cli.Short, cli.Number)
	})}
}

// gapOf returns the gap of a source of the listing, which is a region and a service, or of a region without one. With -org
// a region is an account and a region.
func gapOf(source string, kind, why string) Gap {
	g := Gap{Region: source, Kind: kind, Error: cli.OneLine(why)}
	end := strings.LastIndex(source, "/") + 1
	if service := backupx.Service(source[end:]); end > 0 && serviceTitles()[service] != "" {
		g.Region, g.Service = source[:end-1], service
	}
	return g
}

// String is the line of a gap in a list of them.
func (g Gap) String() string { return fmt.Sprintf("%s: %s: %s", g.Title(), g.Why(), g.Error) }
