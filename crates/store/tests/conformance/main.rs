//! What the store promises, asked through its front door on both engines.
#![cfg(test)]

mod access;
mod audit;
mod beginnings;
mod crossing;
mod disk;
mod engine;
mod faults;
mod laws;
mod lease;
mod line;
mod numbers;
mod planning;
mod privacy;
mod requests;
mod restart;
mod values;
mod world;
