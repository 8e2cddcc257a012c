package sources

import (
	"errors"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// Organization is a choice of accounts and regions of an AWS organisation. Empty fields leave nothing out.
type Organization struct {
	Profile string // of the AWS configuration
	Role    string // the name of the role to assume in each account
	Units   []string
	Tags    []Tag // of which an account has all
	Regions []string
}

// Tag is a tag of an account.
type Tag struct{ Key, Value string }

// OrgFlags are the flags that choose an organisation, beside the role, the regions and the profile.
type OrgFlags struct {
	on    bool
	units cli.List
	tags  tags
}

// Define adds -org, -units and -tag to the flags of a program.
func (o *OrgFlags) Define(f *cli.Flags) {
	f.BoolVar(&o.on, "org", false, "ask all active accounts of the organisation, those of a made-up one without -live")
	f.Var(&o.units, "units", "-org: the `ids` of organizational units whose accounts to ask, and those below (default: all)")
	f.Var(&o.tags, "tag", "-org: the `key=value` of a tag that the accounts to ask have; repeated: of all of them")
}

// Organization returns what the flags choose; false if -org is not given.
func (o *OrgFlags) Organization(profile, role string, regions []string) (Organization, bool) {
	return Organization{profile, role, o.units, o.tags, regions}, o.on
}

// tags is the value of a flag that takes one tag and may be repeated.
type tags []Tag

func (t *tags) String() string {
	return strings.Join(lo.Map(*t, func(one Tag, _ int) string { return one.Key + "=" + one.Value }), ",")
}

func (t *tags) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	switch {
	case strings.TrimSpace(key) == "":
		return errors.New("a tag has a key and a value: team=data")
	case !found, strings.TrimSpace(value) == "":
		return fmt.Errorf("the tag %q has no value: give it as key=value", key)
	}
	*t = append(*t, Tag{key, value})
	return nil
}
