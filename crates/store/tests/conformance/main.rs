//! What the store promises, asked through its front door on both engines.
#![cfg(test)]

mod access;
mod audit;
mod beginnings;
mod crossing;
mod disk;
mod documents;
mod engine;
mod faults;
mod laws;
mod lease;
mod line;
mod merging;
mod numbers;
mod outcome;
mod planning;
mod privacy;
mod requests;
mod restart;
mod rotation;
mod severed;
mod skew;
mod switch;
mod tamper;
mod values;
mod world;
