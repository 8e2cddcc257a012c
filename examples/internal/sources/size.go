package sources

// SizeMeaning says what AWS reports as the sizes of the backups of a resource type: of how many jobs, and their sum.
func SizeMeaning(resourceType string, reporting int, bytes int64) string {
	switch {
	case reporting == 0:
		return "not reported"
	case resourceType == "EBS" || resourceType == "EC2":
		return "provisioned size, each job anew"
	case resourceType == "EFS":
		return "increments"
	case resourceType == "RDS" && bytes == 0:
		return "not reported: AWS says 0"
	}
	return "as reported"
}
