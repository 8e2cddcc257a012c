package accounts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/samber/lo"
)

// Option changes which sources [Fleet] returns, and how it finds them.
type Option func(*settings)

// settings are what the options of a call of Fleet add up to.
type settings struct {
	units    []string
	tags     []orgtypes.Tag
	regions  []string
	assume   stscreds.AssumeRoleOptions // without the role
	parallel int
	wrong    error // of the first option that makes no sense
}

// defaultParallel is the number of accounts whose regions are requested at a time. A request to each of ten thousand
// accounts then takes minutes, and STS grants hundreds of requests per second.
const defaultParallel = 8

func newSettings(opts []Option) (*settings, error) {
	s := &settings{parallel: defaultParallel, assume: stscreds.AssumeRoleOptions{RoleSessionName: "backupx"}}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("an option is nil")
		}
		opt(s)
	}
	return s, s.wrong
}

// refuse records why an option makes no sense.
func (s *settings) refuse(format string, args ...any) {
	if s.wrong == nil {
		s.wrong = fmt.Errorf(format, args...)
	}
}

var unitID = regexp.MustCompile(`^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$`)

// Units chooses the accounts in these organizational units and in all units below them. The id of a unit is like
// ou-ab12-11111111, that of the root like r-ab12. An account in two of the units is in the fleet once; one that is moved
// from a unit to another while Fleet lists them can be left out. A unit that the organisation does not have is an error of
// [Fleet], and so is Units without an id. Several calls add up.
func Units(ids ...string) Option {
	return func(s *settings) {
		if len(ids) == 0 {
			s.refuse("Units: it has no id: leave Units out for the whole organisation")
		}
		for _, id := range ids {
			if !unitID.MatchString(id) {
				s.refuse("Units: %q is not the id of an organizational unit, such as ou-ab12-11111111, or of a root, such as r-ab12", id)
			}
		}
		s.units = append(s.units, ids...)
	}
}

// Tagged chooses the accounts that have a tag with this key and this value in AWS Organizations, both to the letter.
// Of several calls, which must be of different keys, all must match. It costs one request for each active account of the
// organisation, or of the [Units], one after another, because AWS Organizations neither lists tags with the accounts nor
// filters by them.
func Tagged(key, value string) Option {
	return func(s *settings) {
		switch {
		case strings.TrimSpace(key) == "":
			s.refuse("Tagged: the tag has no key")
		case strings.TrimSpace(value) == "":
			s.refuse("Tagged: the tag %q has no value", key)
		case lo.ContainsBy(s.tags, func(t orgtypes.Tag) bool { return *t.Key == key && *t.Value != value }):
			s.refuse("Tagged: the tag %q is to have two values: no account has", key)
		}
		s.tags = append(s.tags, orgtypes.Tag{Key: &key, Value: &value})
	}
}

var regionName = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)

// Regions gives each account these regions, whether or not it has opted in to them. By default an account has the
// regions that it has opted in to, and those that are always enabled.
//
// A region that does not exist in the partition of the organisation is an error of [Fleet]. Fleet requests the regions
// that exist from the account of the caller, and takes the names on trust if that fails. Regions without a name is
// an error. Several calls add up, and a region that is named twice counts once.
func Regions(names ...string) Option {
	return func(s *settings) {
		if len(names) == 0 {
			s.refuse("Regions: it has no name: leave Regions out for those that each account has opted in to")
		}
		for _, name := range names {
			if !regionName.MatchString(name) {
				s.refuse("Regions: %q is not the name of a region, such as eu-west-1", name)
			}
		}
		s.regions = lo.Uniq(append(s.regions, names...))
	}
}

var sessionName = regexp.MustCompile(`^([\w+=,.@-]{2,64})?$`)

// Assume changes how the role is assumed in each account: external id, duration, session policy. RoleSessionName is
// "backupx" unless change sets another name. The ARN of the role is that of the account.
//
//	accounts.Assume(func(o *stscreds.AssumeRoleOptions) { o.ExternalID = aws.String("audit-7") })
//
// The function is called once, for all accounts. Several calls are applied in their order. A name or a duration that STS
// refuses for any role is an error of [Fleet].
func Assume(change func(*stscreds.AssumeRoleOptions)) Option {
	return func(s *settings) {
		if change == nil {
			s.refuse("Assume: the function is nil")
			return
		}
		change(&s.assume)
		if name := s.assume.RoleSessionName; !sessionName.MatchString(name) {
			s.refuse("Assume: RoleSessionName: %q: it has 2 to 64 characters: letters, digits and +=,.@_-", name)
		}
		if d := s.assume.Duration; d != 0 && (d < 15*time.Minute || d > 12*time.Hour) {
			s.refuse("Assume: Duration: %s: STS gives credentials for 15 minutes to 12 hours", d)
		}
	}
}

// Parallel sets from how many accounts at a time [Fleet] requests the regions; the default is 8. It must be positive.
// A test that replays a cassette sets 1: all accounts send the same request, and a replay answers equal requests in
// the order in which they were recorded.
func Parallel(n int) Option {
	return func(s *settings) {
		if n < 1 {
			s.refuse("Parallel: %d: it must be positive", n)
		}
		s.parallel = n
	}
}

// prepare returns the configuration that all accounts start from. Their clients share one HTTP client: those of the SDK
// would each have their own connections.
func (s *settings) prepare(cfg aws.Config) (aws.Config, error) {
	cfg = cfg.Copy()
	if cfg.Region == "" && len(s.regions) > 0 {
		cfg.Region = s.regions[0]
	}
	if cfg.Region == "" {
		return cfg, errors.New("the configuration has no region, which the requests to STS and AWS Organizations need")
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = client.Freeze()
	}
	cfg.APIOptions = slices.Clip(cfg.APIOptions)
	return cfg, nil
}
