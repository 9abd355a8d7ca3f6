//! Timed sockets: DNS, TLS, HTTP/1.1 and HTTP/2, without JavaScript.
