package types

// BackupType says whether the service or a person started a backup.
type BackupType string

// Documented values of BackupType.
const (
	BackupTypeAutomated BackupType = "AUTOMATED"
	BackupTypeManual    BackupType = "MANUAL"
)

// Values returns the documented values. A service may return others.
func (BackupType) Values() []BackupType {
	return []BackupType{BackupTypeAutomated, BackupTypeManual}
}

// BackupStatus is the state of a backup.
type BackupStatus string

// Documented values of BackupStatus.
const (
	BackupStatusInProgress BackupStatus = "IN_PROGRESS"
	BackupStatusOk         BackupStatus = "OK"
	BackupStatusFailed     BackupStatus = "FAILED"
	BackupStatusDeleting   BackupStatus = "DELETING"
)

// Values returns the documented values. A service may return others.
func (BackupStatus) Values() []BackupStatus {
	return []BackupStatus{BackupStatusInProgress, BackupStatusOk, BackupStatusFailed, BackupStatusDeleting}
}
