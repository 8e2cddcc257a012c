// Package accounts makes a [backupx.Fleet] from an AWS organisation: one source for each account and each region that
// the account has opted in to.
//
//	fleet, err := accounts.Fleet(ctx, cfg, "BackupAudit")
//	if err != nil {
//		return err // the organisation could not be listed
//	}
//	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(failed) })
//
// It is a module of its own, because it needs the clients of AWS Organizations and of Account Management.
//
// # Permissions
//
// The caller is an identity of the organisation's management account, or of an account that is registered as a delegated
// administrator of any service. It needs this policy, the last statement of which is for [Units] and [Tagged] only:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Resource": "*", "Action": ["organizations:ListAccounts", "account:ListRegions"]},
//	    {"Effect": "Allow", "Resource": "arn:aws:iam::*:role/BackupAudit", "Action": "sts:AssumeRole"},
//	    {"Effect": "Allow", "Resource": "*", "Action": [
//	      "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
//	      "organizations:ListTagsForResource"
//	    ]}
//	  ]
//	}
//
// Each account needs a role of the same name and path. The role trusts the caller, and allows account:ListRegions and
// what is listed, such as backup:ListBackupJobs. A stack set with service-managed permissions creates it in every member
// account, also in those that join later.
//
// The account of the caller needs no role: see [Fleet]. The caller's own policy allows there what the role allows
// elsewhere.
package accounts
