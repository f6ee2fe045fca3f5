// Package events tells outside systems what happened: who met whom, reports, bans, appeals. Never what was said, written or seen.
//
//	SaveReport …  ─▶ Announcer ─▶ one transaction: the record, and a row of the outbox for each sink
//	                                                      │ claimed by one node at a time, each topic in its order
//	                                                      ▼
//	                                        Relay ─▶ Sink: webhook, RabbitMQ, Kafka
//	                                          └─ delivered │ again, later │ given up
//
// An event is told at least once: a process that dies between the commit and the delivery, or between the delivery and the note of
// it, leaves a row that this or another node takes up when its lease is over. Receivers go by the id, which stays the same. A topic is a
// match, a report, a ban or an appeal: what is told of one comes in its order, and a try that fails holds back only what follows of it.
//
// Safe for concurrent use. A Relay works from Run to the end of its context; whoever made it closes it.
package events
