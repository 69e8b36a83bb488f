//! Open streams: who watches where, and what came when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use baton_benches::exchange::{Exchange, SCHOOLS};
use baton_server::Running;
use baton_wire::v1;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Turns that came and were not looked at yet.
const CAME_MAX: usize = 4_096;
/// So long is waited for a stream to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came on a stream; none: it ended.
struct Came {
    stream: usize,
    at: Instant,
    items: Option<Vec<i64>>,
}

struct Stream {
    school: usize,
    credential: String,
}

pub(crate) struct Streams {
    all: BTreeMap<usize, Stream>,
    next: usize,
    into: mpsc::Sender<Came>,
    came: mpsc::Receiver<Came>,
    watching: JoinSet<()>,
}

impl Streams {
    /// So many at each receiving school, half of them on each server.
    pub(crate) async fn open(
        exchange: &Exchange,
        second: &Running,
        each: usize,
    ) -> anyhow::Result<Self> {
        let (into, came) = mpsc::channel(CAME_MAX);
        let mut streams = Self {
            all: BTreeMap::new(),
            next: 0,
            into,
            came,
            watching: JoinSet::new(),
        };
        for school in (0..SCHOOLS).cycle().take(each * SCHOOLS) {
            streams.add(exchange, second, school).await?;
        }
        Ok(streams)
    }

    /// One more at a school.
    pub(crate) async fn add(
        &mut self,
        exchange: &Exchange,
        second: &Running,
        school: usize,
    ) -> anyhow::Result<()> {
        let stream = self.next;
        self.next += 1;
        let at = if (stream / SCHOOLS).is_multiple_of(2) {
            exchange.running()
        } else {
            second
        };
        let (setting, _) = exchange.receiver(school)?;
        let (reader, credential) = exchange.person(setting, v1::Role::Senco, at).await?;
        let request = v1::CreateSubscriptionRequest {
            subscription: Some(v1::Subscription {
                subscription_id: format!("stream-{stream}"),
                ..Default::default()
            }),
            ..Default::default()
        };
        let subscription = reader.create_subscription(request).await?.name;
        let request = v1::WatchRequest {
            subscription,
            inline_content: true,
            ..Default::default()
        };
        let mut watch = reader.watch(request).await?;
        let into = self.into.clone();
        self.watching.spawn(async move {
            loop {
                let turn = watch.message().await.ok().flatten();
                let at = Instant::now();
                let items = turn.map(|turn| turn.items.iter().map(|item| item.position).collect());
                let ended = items.is_none();
                if into.send(Came { stream, at, items }).await.is_err() || ended {
                    return;
                }
            }
        });
        let opened = Stream { school, credential };
        self.all.insert(stream, opened);
        Ok(())
    }

    /// The streams of a school.
    pub(crate) fn of(&self, school: usize) -> BTreeSet<usize> {
        let of = self
            .all
            .iter()
            .filter(|(_, stream)| stream.school == school);
        of.map(|(number, _)| *number).collect()
    }

    /// Whose stream it is.
    pub(crate) fn credential(&self, stream: usize) -> &str {
        &self.all[&stream].credential
    }

    /// When each of these was given something from a position on.
    pub(crate) async fn given(
        &mut self,
        mut to: BTreeSet<usize>,
        from: i64,
    ) -> anyhow::Result<Vec<Instant>> {
        let mut times = Vec::with_capacity(to.len());
        while !to.is_empty() {
            let came = self.next().await?;
            let items = came.items.context("a stream ended by itself")?;
            if items.iter().any(|position| *position >= from) && to.remove(&came.stream) {
                times.push(came.at);
            }
        }
        Ok(times)
    }

    /// When this one ended.
    pub(crate) async fn ended(&mut self, stream: usize) -> anyhow::Result<Instant> {
        loop {
            let came = self.next().await?;
            if came.stream == stream && came.items.is_none() {
                self.all.remove(&stream);
                return Ok(came.at);
            }
        }
    }

    async fn next(&mut self) -> anyhow::Result<Came> {
        let came = tokio::time::timeout(PATIENCE, self.came.recv()).await;
        came.context("a stream was not told in 30 s")?
            .context("nobody watches")
    }
}
