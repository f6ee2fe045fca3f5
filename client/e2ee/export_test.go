package e2ee

// Frank is the commitment to a text.
var Frank = frank

// AppendHeader writes the header of a frame.
var AppendHeader = appendHeader
