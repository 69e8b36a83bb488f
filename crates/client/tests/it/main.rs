//! The client against a double of the service: real TLS and HTTP/2, answers by script.
#![cfg(test)]

mod connect;
mod double;
mod publish;
mod repeat;
mod service;
mod watch;
mod witness;
