//! What the store promises, asked through its front door on both engines.
#![cfg(test)]

mod access;
mod audit;
mod beginnings;
mod crossing;
mod engine;
mod faults;
mod laws;
mod line;
mod planning;
mod privacy;
mod requests;
mod restart;
mod tamper;
mod values;
mod world;
