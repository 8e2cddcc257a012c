package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/aws/smithy-go"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// gap describes why the part could not be read completely.
func (p *part) gap() Gap {
	return Gap{
		Service: p.service.id, Region: p.place.region,
		Reason: reason(p.err, p.service.permission), Read: p.tally.count,
		Error: cli.OneLine(p.err.Error()),
	}
}

// title returns the name of the service as the text has it.
func (g Gap) title() string {
	return lo.KeyBy(options{protected: true}.services(), func(s service) string { return s.id })[g.Service].title
}

// text says in a few words what was not read, and why.
func (g Gap) text() string {
	text := g.title() + " in " + g.Region + ": " + g.Reason
	if g.Read > 0 {
		text += fmt.Sprintf(", after %d", g.Read)
	}
	return text
}

// reason describes an error in a few words if its cause is a common one; otherwise it returns the error code.
func reason(err error, permission string) string {
	var api smithy.APIError
	var dns *net.DNSError
	var op *smithy.OperationError // the innermost one: that of the credentials, if they could not be obtained
	for e := err; errors.As(e, &op); e = op.Err {
	}
	kind := backupx.KindOf(err)
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case kind == backupx.KindNotOffered:
		return "no such host: the service is not offered there, or there is no network"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host: " + dns.Name
	case kind == backupx.KindDenied && op != nil && op.ServiceID == "STS":
		return "access denied: the role cannot be assumed"
	case kind == backupx.KindDenied:
		return "access denied: it takes the permission " + permission
	case kind == backupx.KindNotEnabled:
		return "not authenticated: the region is not enabled, or the credentials are not valid"
	case !errors.As(err, &api):
		return "no answer that can be used"
	case slices.Contains([]string{"ExpiredToken", "ExpiredTokenException"}, api.ErrorCode()):
		return "the credentials have expired"
	}
	return api.ErrorCode()
}
