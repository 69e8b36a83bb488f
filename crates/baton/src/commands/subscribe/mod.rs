//! `baton subscribe`: what comes for the caller's setting.
//!
//! JSON, a line for each item: `{"item": {"position": 7, "kind": "PROFILE", "profile":
//! "settings/…/profiles/…", "version": 1, "transition": "settings/…/transitions/…", "contributor":
//! "settings/…", "kinds": ["identity"], "provisional": false, "point": "PRIMARY_TO_SECONDARY",
//! "academic_year": 2025, "file": "DIR/prf_…-v1.json", "acknowledged": true}}`; `kind` is
//! `PROFILE`, `NOT_AVAILABLE` or `CLOSED`, and what an item does not have is absent. Besides items:
//! `{"ledger_changed": true}`, `{"witness": {"found": "alarm", …}}`, `{"interrupted": {"reason":
//! "UNAVAILABLE", "failures": 1}}`, and at the end `{"summary": {"items": 3, "written": 2,
//! "acknowledged": 2, "refused": 0}}`.

mod inbox;
mod state;
mod witness;

use std::path::PathBuf;
use std::time::Duration;

use baton_client::{Event, Subscription};
use baton_domain::calendar::AcademicYear;
use baton_domain::route::Point;
use baton_wire::v1;
use clap::Args;
use futures::StreamExt as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::status::{point, year};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};
use inbox::Inbox;
use state::State;

/// Arguments of `subscribe`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton subscribe --once                          list what came, and end
  baton subscribe --out inbox --acknowledge       write each profile, acknowledge it, wait for more
  baton subscribe --name year-7 --point primary-to-secondary --year 2025 --once

It goes on where it stopped: the place is kept in a folder beside the connection file. Ctrl-C
ends it after the turn it is at. A profile that comes again, at a later version or after a crash,
is written again.")]
pub(crate) struct SubscribeArgs {
    /// Name of the subscription; each keeps its own place and is for one program: a second one
    /// under the same name, with --once too, ends the first.
    #[arg(long, default_value = "default")]
    name: String,
    /// Take what is there, and end.
    #[arg(long)]
    once: bool,
    /// Only this point: early-years-to-primary, primary-to-secondary, secondary-to-post-16 or
    /// post-16-to-adult. Part of the subscription: another filter wants another name.
    #[arg(long, value_parser = point)]
    point: Option<Point>,
    /// Only learners who leave in this academic year, by its first calendar year.
    #[arg(long, value_parser = year)]
    year: Option<AcademicYear>,
    /// Write each profile into this folder, `<profile>-v<version>.json`, for its owner only. It
    /// counts as opened.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Tell the sender that a profile was taken over, once it is on disk.
    #[arg(long, requires = "out")]
    acknowledge: bool,
    /// Folder for place and witness; by default `state` beside the connection file.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(crate) async fn run(
    args: SubscribeArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let (file, _) = to.file()?;
    let folder = args.state.unwrap_or_else(|| file.with_file_name("state"));
    let state = State::open(&folder, &args.name)?;
    let client = to.connect().await?;
    let request = v1::CreateSubscriptionRequest {
        subscription: Some(v1::Subscription {
            name: String::new(),
            subscription_id: args.name.clone(),
            point: args.point.map_or(0, |point| v1::Point::from(point).into()),
            academic_year: args.year.map_or(0, |year| year.first_year().into()),
        }),
        ..Default::default()
    };
    let subscription = Subscription::create(&client, request)
        .await?
        .resume_from(state.token.load().await?)
        .inline_content(args.out.is_some())
        .max_items(inbox::ITEMS_MAX)
        .witnessed_by(&state.witness);
    let mut inbox = Inbox::open(args.out, args.acknowledge, subscription.clone(), output)?;
    if args.once {
        Box::pin(pull(subscription, &mut inbox, &state, output)).await?;
    } else {
        Box::pin(watch(&subscription, &mut inbox, &state, output)).await?;
    }
    Ok(inbox.finish())
}

/// Turn after turn until nothing comes.
async fn pull(
    mut subscription: Subscription,
    inbox: &mut Inbox,
    state: &State,
    output: Output,
) -> anyhow::Result<()> {
    loop {
        let events = subscription.pull(Duration::ZERO).await?;
        let more = events
            .iter()
            .any(|it| matches!(it, Event::Turn(_) | Event::LedgerChanged { .. }));
        for event in events {
            Box::pin(handle(event, inbox, state, output)).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// Turn after turn until somebody says stop; a turn that has begun is finished.
async fn watch(
    subscription: &Subscription,
    inbox: &mut Inbox,
    state: &State,
    output: Output,
) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let mut watch = subscription.watch();
    output.say("waiting for what comes; Ctrl-C ends it");
    loop {
        let event = tokio::select! {
            event = watch.next() => event,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        };
        match event {
            Some(event) => Box::pin(handle(event?, inbox, state, output)).await?,
            None => return Ok(()),
        }
    }
}

/// Deals with an event, and only then moves the place.
async fn handle(
    event: Event,
    inbox: &mut Inbox,
    state: &State,
    output: Output,
) -> anyhow::Result<()> {
    let token = event.token().map(str::to_owned);
    match event {
        Event::Turn(turn) => {
            for item in turn.items {
                Box::pin(inbox.take(item)).await?;
            }
        }
        Event::LedgerChanged { .. } => {
            inbox.forget();
            output.machine(&json!({ "ledger_changed": true }));
            output.say(
                "THE LEDGER IS NOT THE ONE IT WAS: it was restored from a backup, or replaced. \
                 Everything comes again from the beginning; ask the council what happened, and \
                 compare what you filed since.",
            );
        }
        Event::Interrupted { failures, error } => {
            let reason = error.reason().map(baton_wire::status::Reason::name);
            output.machine(&json!({ "interrupted": { "reason": reason, "failures": failures } }));
            output.say(&format!("{error}; trying again ({failures})"));
        }
        Event::Witness(sighting) => witness::tell(&sighting, output),
        _ => {}
    }
    if let Some(token) = token {
        state.token.save(&token).await?;
    }
    Ok(())
}
