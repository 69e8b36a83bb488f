//! `baton demo`: a real service on a free loopback port, a synthetic register and cohort, and
//! profiles that cross at all four points, through the public client and nothing else.
//!
//! JSON: `{"crossed": {"point": "EARLY_YEARS_TO_PRIMARY", "published": 50, "delivered": 50,
//! "acknowledged": 50}}` for each point, and as the last line `{"published": 200, "delivered": 201,
//! "acknowledged": 201, "refused": 4, "entries": 2000, "ledger": "verified", "elapsed_ms": 5000}`.
//! The redirected child is delivered twice: to the first school and then to the second. Where
//! anything that was published did not arrive the demo ends with 1 instead.

mod cast;
mod cohort;
mod crossing;
mod exceptions;
mod stage;
mod tally;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::commands::audit::verify::whole;
use crate::output::{Exit, Output, Wrong};
use cast::Cast;
use stage::Stage;
use tally::Tally;

/// Fewest and most learners of a demo: every point has some to spare for the exceptions.
const PUPILS: std::ops::RangeInclusive<u32> = 24..=20_000;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton demo
  baton demo --pupils 2000 --seed 7
  baton demo --json | tail -1
  baton demo --keep play          leaves the service running, with connections to try")]
pub(crate) struct DemoArgs {
    /// How many children move, over the four points.
    #[arg(long, default_value_t = 200, value_name = "N")]
    pupils: u32,
    /// Another seed makes other children; the same one the same.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Leave folder and service, and print what to try next. The folder must not exist.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) async fn run(args: DemoArgs, output: Output) -> anyhow::Result<Exit> {
    if !PUPILS.contains(&args.pupils) {
        return Err(Wrong(format!(
            "--pupils is {} to {}",
            PUPILS.start(),
            PUPILS.end()
        ))
        .into());
    }
    let begun = Instant::now();
    let stage = Stage::set(args.keep.as_deref()).await?;
    output.say(&format!(
        "A service was started on {} in a folder of its own, standing at 13 July 2026.",
        stage.url()
    ));
    let cast = Cast::assemble(&stage).await?;
    output.say(&format!(
        "{} settings joined: nurseries and childminders, primaries, secondaries, a college, adult \
         social care, and a council that runs the ledger.",
        cast.settings()
    ));
    let children = cohort::children(args.pupils, args.seed);
    cohort::plan(&cast, &children).await?;
    output.say(&format!(
        "The council loaded {} planned moves over the four points, with their offers.",
        children.len()
    ));
    let mut tally = Tally::default();
    crossing::publish(&cast, &children, &mut tally, output).await?;
    output.say(&format!(
        "The sending settings published {} profiles, each signed off, each sealed under keys of \
         its own.",
        tally.published()
    ));
    let mut arrivals = crossing::receive(&cast, &mut tally, output).await?;
    tally.tell(output);
    tally.all_crossed(0)?;
    let redirected = Box::pin(exceptions::play(&cast, &mut arrivals, &mut tally, output)).await?;
    tally.all_crossed(redirected)?;
    let auditor = &cast.person("council/auditor").client;
    let report = whole(auditor, output).await?;
    let ledger = report.faults == 0;
    let entries = report.checkpoint.size;
    output.say(&format!(
        "{} entries: every hash, the tree, the signed checkpoint and every access row were checked \
         from the outside: {}.",
        entries,
        if ledger {
            "the ledger is whole"
        } else {
            "the ledger is NOT whole"
        }
    ));
    if args.keep.is_some() {
        cast.leave_connections(&stage)?;
    }
    let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let result = json!({
        "published": tally.published(),
        "delivered": tally.delivered(),
        "acknowledged": tally.acknowledged(),
        "refused": tally.refused,
        "entries": entries,
        "ledger": if ledger { "verified" } else { "broken" },
        "elapsed_ms": elapsed_ms,
    });
    output.result(&result, || {
        format!(
            "published {}, delivered {}, acknowledged {}, refused {}, entries {}, ledger {}, {:.1} s",
            tally.published(),
            tally.delivered(),
            tally.acknowledged(),
            tally.refused,
            entries,
            if ledger { "verified" } else { "broken" },
            begun.elapsed().as_secs_f64(),
        )
    });
    if args.keep.is_some() {
        stage.wait(output).await?;
    } else {
        stage.strike().await;
    }
    Ok(if ledger {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}
