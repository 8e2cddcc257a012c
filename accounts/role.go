package accounts

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// rolePath is a role without its account: the path, which starts and ends with a slash, and the name.
type rolePath string

// What IAM allows in the name and the path of a role.
var (
	roleName   = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	pathOfRole = regexp.MustCompile(`^/([\x21-\x7e]+/)?$`)
)

const longestPath = 512 // characters of the path of a role

// parseRole reads the name of a role, with or without a path.
func parseRole(role string) (rolePath, error) {
	if strings.HasPrefix(role, "arn:") || strings.Contains(role, ":role/") {
		return "", fmt.Errorf("role %q: it is an ARN: give the name of the role alone, with its path, because the account differs", role)
	}
	full := "/" + strings.TrimPrefix(role, "/")
	cut := strings.LastIndex(full, "/") + 1
	path, name := full[:cut], full[cut:]
	switch {
	case name == "":
		return "", fmt.Errorf("role %q: it has no name", role)
	case !roleName.MatchString(name):
		return "", fmt.Errorf("role %q: the name of a role has at most 64 characters: letters, digits and +=,.@_-", role)
	case !pathOfRole.MatchString(path), len(path) > longestPath:
		return "", fmt.Errorf("role %q: a path has at most 512 characters, neither blanks nor characters beyond ASCII, and one slash at its start", role)
	}
	return rolePath(full), nil
}

// in returns the ARN of the role in an account.
func (p rolePath) in(m member) string {
	return arn.ARN{Partition: m.partition, Service: "iam", AccountID: m.id, Resource: "role" + string(p)}.String()
}
