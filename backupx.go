// Package backupx lists and restores AWS backups with range-over-func iterators and typed filters.
package backupx
