//! A running exchange, and people who call it.

mod caller;
mod calls;
mod content;
mod documents;
mod exchange;
mod home;
mod papers;
mod program;
mod proof;
mod raw;
mod reading;
mod told;
mod world;

pub(crate) use caller::{Caller, Door, under};
pub(crate) use calls::{ASSIGNED, Answer, fresh};
pub(crate) use content::{adult, apart, complete, cut, signed, submission, typical};
pub(crate) use documents::{CHUNK, PDF, plain, sha256};
pub(crate) use exchange::{Exchange, Times, generous};
pub(crate) use home::Home;
pub(crate) use papers::Papers;
pub(crate) use program::{program, this_academic_year};
pub(crate) use raw::{first, frame, raw, twin};
pub(crate) use reading::{Line, kinds, numbers, the_profile};
pub(crate) use told::{MARKER, Told, ended, refused};
pub(crate) use world::{COUNCIL, Move, Setting, YEAR, at, framework, upn, upn_of};

/// A profile's typed sections are a large value, and an unoptimised build copies it at every step.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What the service warns of is shown with the test that failed.
fn log() {
    static SET: std::sync::Once = std::sync::Once::new();
    SET.call_once(|| {
        let lines = tracing_subscriber::fmt().with_test_writer();
        lines
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .init();
    });
}

/// Runs a test on a runtime of its own.
pub(crate) fn run<F: Future>(test: impl FnOnce() -> F + Send) {
    log();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let tested = thread.spawn_scoped(scope, || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_stack_size(STACK_BYTES)
                .enable_all()
                .build()
                .unwrap();
            drop(runtime.block_on(test()));
        });
        if let Err(panic) = tested.unwrap().join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs each test on both engines, each time on a ledger and a server of its own. Where there is no
/// cluster PostgreSQL is left out, but not in CI. A test that is done stops the server in earnest.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($exchange:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "whatever the test speaks of")]
            use super::*;

            $(#[$attribute])*
            async fn law($exchange: &mut $crate::harness::Exchange) $body

            #[test]
            fn sqlite() {
                $crate::harness::run(async || {
                    let home = $crate::harness::Home::sqlite();
                    let mut exchange = $crate::harness::Exchange::new(home).await;
                    law(&mut exchange).await;
                    exchange.end().await;
                });
            }

            #[test]
            fn postgres() {
                $crate::harness::run(async || {
                    let Some(home) = $crate::harness::Home::postgres().await else { return };
                    let mut exchange = $crate::harness::Exchange::new(home).await;
                    law(&mut exchange).await;
                    exchange.end().await;
                });
            }
        }
    )+};
}
pub(crate) use on_both_engines;
