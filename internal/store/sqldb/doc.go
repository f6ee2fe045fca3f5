// Package sqldb is the Store in SQL, over database/sql: what SQLite and PostgreSQL have in common is written once, and the little in which
// they differ is a [Dialect]. Packages sqlite and postgres open it.
//
// Queries are written with "?" for arguments. Times are BIGINT, Unix milliseconds, 0 for the zero time; lists are JSON in TEXT.
//
// Safe for concurrent use. Whoever opened it closes it. When the database is slow or its pool empty, a call ends with its context's error,
// after 5 s at most.
package sqldb
