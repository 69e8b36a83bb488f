//! What the demo counts, and whether everything that was published arrived.

use std::collections::BTreeMap;

use baton_domain::route::Point;
use serde_json::json;

use crate::output::{Broken, Output};

/// What the demo counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    points: BTreeMap<Point, Crossed>,
    pub(super) refused: usize,
}

/// The profiles of one point.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Crossed {
    pub(super) published: usize,
    pub(super) delivered: usize,
    pub(super) acknowledged: usize,
}

impl Tally {
    pub(super) fn at(&mut self, point: Point) -> &mut Crossed {
        self.points.entry(point).or_default()
    }

    pub(super) fn published(&self) -> usize {
        self.points.values().map(|it| it.published).sum()
    }

    pub(super) fn delivered(&self) -> usize {
        self.points.values().map(|it| it.delivered).sum()
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.points.values().map(|it| it.acknowledged).sum()
    }

    /// What crossed at each point.
    pub(super) fn tell(&self, output: Output) {
        output.say("The receiving settings were handed them, and acknowledged each:");
        for (point, crossed) in &self.points {
            let Crossed {
                published,
                delivered,
                acknowledged,
            } = crossed;
            output.machine(&json!({ "crossed": {
                "point": point.name(), "published": published, "delivered": delivered,
                "acknowledged": acknowledged,
            }}));
            output.say(&format!(
                "  {}: {published} published, {delivered} delivered, {acknowledged} acknowledged",
                words(*point)
            ));
        }
    }

    /// That every point was crossed by every profile, and that every delivery was acknowledged;
    /// `redirected` of them were delivered once more, to another receiver.
    pub(super) fn all_crossed(&self, redirected: usize) -> Result<(), Broken> {
        for point in Point::ALL {
            let Crossed {
                published,
                delivered,
                acknowledged,
            } = self.points.get(&point).copied().unwrap_or_default();
            let again = if point == REDIRECTED_AT {
                redirected
            } else {
                0
            };
            let expected = published + again;
            if published == 0 || delivered != expected || acknowledged != expected {
                return Err(Broken(format!(
                    "{}: {published} profiles were published and {expected} deliveries were due, \
                     but {delivered} were delivered and {acknowledged} acknowledged",
                    words(point)
                )));
            }
        }
        Ok(())
    }
}

/// The point at which a child is redirected.
pub(super) const REDIRECTED_AT: Point = Point::PrimaryToSecondary;

fn words(point: Point) -> String {
    point.name().to_ascii_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Exit, exit_of};

    fn whole() -> Tally {
        let mut tally = Tally::default();
        for point in Point::ALL {
            *tally.at(point) = Crossed {
                published: 6,
                delivered: 6,
                acknowledged: 6,
            };
        }
        tally
    }

    fn fails(tally: &Tally, redirected: usize) -> String {
        let broken = tally.all_crossed(redirected).unwrap_err();
        let text = broken.to_string();
        assert_eq!(exit_of(&broken.into()), Exit::SomeRefused, "{text}");
        text
    }

    #[test]
    fn a_whole_demo_passes_and_one_that_lacks_anything_fails() {
        assert!(whole().all_crossed(0).is_ok());

        let mut lost = whole();
        lost.at(Point::SecondaryToPost16).delivered -= 1;
        assert_eq!(
            fails(&lost, 0),
            "secondary to post 16: 6 profiles were published and 6 deliveries were due, but 5 \
             were delivered and 6 acknowledged"
        );
        let mut unread = whole();
        unread.at(Point::Post16ToAdult).acknowledged = 0;
        assert!(fails(&unread, 0).contains("6 were delivered and 0 acknowledged"));
        let mut twice = whole();
        twice.at(Point::EarlyYearsToPrimary).delivered += 1;
        assert!(fails(&twice, 0).starts_with("early years to primary"));
        let mut silent = whole();
        *silent.at(Point::EarlyYearsToPrimary) = Crossed::default();
        assert!(fails(&silent, 0).contains("0 profiles were published"));
    }

    #[test]
    fn a_redirected_child_is_due_once_more() {
        assert!(fails(&whole(), 1).contains("7 deliveries were due"));
        let mut tally = whole();
        tally.at(REDIRECTED_AT).delivered += 1;
        tally.at(REDIRECTED_AT).acknowledged += 1;
        assert!(tally.all_crossed(1).is_ok());
    }
}
