package fakeorg

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// operations are what an account is answered.
func (o *Organization) operations(caller string) []fakeaws.Option {
	return []fakeaws.Option{
		fakeaws.WithPageSize(o.PageSize),
		fakeaws.WithOperation("organizations ListAccounts", list(o, caller, "Accounts", o.accounts)),
		fakeaws.WithOperation("organizations ListAccountsForParent", list(o, caller, "Accounts", o.accounts)),
		fakeaws.WithOperation("organizations ListOrganizationalUnitsForParent", list(o, caller, "OrganizationalUnits", o.units)),
		fakeaws.WithOperation("organizations ListTagsForResource", list(o, caller, "Tags", o.tags)),
		fakeaws.WithOperation("sts GetCallerIdentity", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { o.identity(w, caller) })),
		fakeaws.WithOperation("sts AssumeRole", http.HandlerFunc(o.assume)),
		fakeaws.WithOperation("account POST /listRegions", fakeaws.Pages(fakeaws.Paging{List: "Regions", Token: "NextToken", Size: "MaxResults", Largest: 50},
			func(r *http.Request) ([]region, error) {
				return o.regions(caller, r.Form["RegionOptStatusContains"]), nil
			})),
	}
}

// list returns the handler of an operation of AWS Organizations.
func list[T any](o *Organization, caller, member string, items func(*http.Request) ([]T, error)) http.Handler {
	return fakeaws.Pages(fakeaws.Paging{List: member, Largest: 20}, func(r *http.Request) ([]T, error) {
		if caller != o.Caller {
			return nil, fault("AccessDeniedException", "You don't have permissions to access this resource.")
		}
		return items(r)
	})
}

func fault(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }

type listedAccount struct {
	ID     string `json:"Id"`
	Arn    string
	Name   string
	Email  string
	State  string
	Status string `json:",omitempty"`
}

// accounts returns the accounts of the organisation, or those of a parent.
func (o *Organization) accounts(r *http.Request) ([]listedAccount, error) {
	parent := r.FormValue("ParentId")
	if parent != "" && o.Units[parent] == "" {
		return nil, fault("ParentNotFoundException", "You provided parent ID that doesn't exist.")
	}
	in := lo.Filter(o.Accounts, func(a Account, _ int) bool { return parent == "" || a.Unit == parent })
	return lo.Map(in, func(a Account, _ int) listedAccount {
		return listedAccount{
			ID: a.ID, Arn: "arn:" + o.partition() + ":organizations::" + o.Caller + ":account/o-exampleorgid/" + a.ID,
			Name: a.Name, Email: a.ID + "@example.com", State: lo.CoalesceOrEmpty(a.State, "ACTIVE"), Status: a.Status,
		}
	}), nil
}

type listedUnit struct {
	ID string `json:"Id"`
}

// units returns the units directly below a parent.
func (o *Organization) units(r *http.Request) ([]listedUnit, error) {
	parent := r.FormValue("ParentId")
	if o.Units[parent] == "" {
		return nil, fault("ParentNotFoundException", "You provided parent ID that doesn't exist.")
	}
	below := lo.Filter(slices.Sorted(maps.Keys(o.Units)), func(id string, _ int) bool { return o.Units[id] == parent && id != parent })
	return lo.Map(below, func(id string, _ int) listedUnit { return listedUnit{id} }), nil
}

type tag struct{ Key, Value string }

func (o *Organization) tags(r *http.Request) ([]tag, error) {
	a, ok := o.account(r.FormValue("ResourceId"))
	if !ok {
		return nil, fault("TargetNotFoundException", "We can't find a root, OU, account, or policy with the TargetId that you specified.")
	}
	return lo.Map(slices.Sorted(maps.Keys(a.Tags)), func(k string, _ int) tag { return tag{k, a.Tags[k]} }), nil
}

type region struct{ RegionName, RegionOptStatus string }

// regions returns the regions of an account in the given states, or in all.
func (o *Organization) regions(id string, states []string) []region {
	a, _ := o.account(id)
	var out []region
	for _, name := range o.Regions {
		state := "ENABLED_BY_DEFAULT"
		switch {
		case a.Regions != nil && !slices.Contains(a.Regions, name):
			state = "DISABLED"
		case a.Regions != nil:
			state = "ENABLED"
		}
		if len(states) == 0 || slices.Contains(states, state) {
			out = append(out, region{name, state})
		}
	}
	return out
}

const answerOfSTS = `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`

func (o *Organization) identity(w http.ResponseWriter, caller string) {
	fmt.Fprintf(w, answerOfSTS, "GetCallerIdentity",
		fmt.Sprintf("<Arn>arn:%s:iam::%s:user/caller</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>%[2]s</Account>", o.partition(), caller))
}

// assume answers with credentials that have the account in the access key. STS denies the roles of a suspended account.
func (o *Organization) assume(w http.ResponseWriter, r *http.Request) {
	arn := r.FormValue("RoleArn")
	parts := append(strings.SplitN(arn, ":", 6), "", "", "", "", "", "")
	a, ok := o.account(parts[4])
	if !ok || a.Denied || a.State == "SUSPENDED" || a.ID == o.Caller || arn != "arn:"+o.partition()+":iam::"+a.ID+":role"+o.Role {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:%s:iam::%s:user/caller is not authorized to perform: sts:AssumeRole on resource: %s</Message></Error></ErrorResponse>`,
			o.partition(), o.Caller, escaped(arn))
		return
	}
	name := o.Role[strings.LastIndex(o.Role, "/")+1:]
	fmt.Fprintf(w, answerOfSTS, "AssumeRole", fmt.Sprintf(
		"<Credentials><AccessKeyId>ASIA%[1]s</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2199-01-01T00:00:00Z</Expiration></Credentials>"+
			"<AssumedRoleUser><Arn>arn:%[2]s:sts::%[1]s:assumed-role/%[3]s/%[4]s</Arn><AssumedRoleId>AROACKCEVSQ6C2EXAMPLE:%[4]s</AssumedRoleId></AssumedRoleUser>",
		a.ID, o.partition(), name, escaped(r.FormValue("RoleSessionName"))))
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
