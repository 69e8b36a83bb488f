//! The laws of the gate, whatever is asked in whatever order.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn gate(budget: u32) -> (Arc<Gate>, CredentialId, Instant) {
    let gate = Gate::new(NonZeroU32::new(budget).unwrap());
    (gate, CredentialId::from_bytes([1; 16]), Instant::now())
}

/// A caller, its acts and what became of them.
struct Played {
    gate: Arc<Gate>,
    by: CredentialId,
    began: Instant,
    now: Instant,
    undecided: Vec<Place>,
    waiting: VecDeque<oneshot::Receiver<Place>>,
    entered: u64,
    refused: u64,
}

#[derive(Debug, Clone)]
enum Move {
    Ask,
    GiveUp(usize),
    End(usize, Ended),
    Wait(u64),
    SumUp,
}

impl Played {
    fn begin(budget: u32) -> Self {
        let (gate, by, now) = gate(budget);
        Self {
            gate,
            by,
            began: now,
            now,
            undecided: Vec::new(),
            waiting: VecDeque::new(),
            entered: 0,
            refused: 0,
        }
    }

    fn make(&mut self, what: &Move) {
        match what {
            Move::Ask => match self.gate.ask(&self.by, self.now) {
                Ok(Asked::Place(place)) => self.undecided.push(place),
                Ok(Asked::Later(turn)) => self.waiting.push_back(turn),
                Err(_) => {}
            },
            Move::GiveUp(at) => {
                drop(self.waiting.remove(at % self.waiting.len().max(1)));
            }
            Move::End(at, ended) => {
                if !self.undecided.is_empty() {
                    let place = self.undecided.swap_remove(at % self.undecided.len());
                    self.end(place, *ended);
                }
            }
            Move::Wait(ms) => self.now += Duration::from_millis(*ms),
            Move::SumUp => drop(self.gate.sum_up(self.now)),
        }
        self.take_turns();
    }

    /// What `Place::end` does, at the time of the game.
    fn end(&mut self, place: Place, ended: Ended) {
        match ended {
            Ended::Entered => self.entered += 1,
            Ended::Refused => self.refused += 1,
            Ended::Neither => {}
        }
        self.gate.leave(&self.by, ended, self.now);
        std::mem::forget(place);
    }

    fn take_turns(&mut self) {
        let mut later = VecDeque::new();
        let mut passed_over = false;
        while let Some(mut turn) = self.waiting.pop_front() {
            match turn.try_recv() {
                Ok(place) => {
                    assert!(!passed_over, "a turn was given out of order");
                    self.undecided.push(place);
                }
                Err(oneshot::error::TryRecvError::Empty) => {
                    passed_over = true;
                    later.push_back(turn);
                }
                Err(oneshot::error::TryRecvError::Closed) => {}
            }
        }
        self.waiting = later;
    }

    fn laws(&self, budget: u32) -> Result<(), TestCaseError> {
        let refilled =
            self.now.duration_since(self.began).as_nanos() * u128::from(budget) / MINUTE.as_nanos();
        let bound = u128::from(budget) + refilled + u128::from(self.entered);
        prop_assert!(
            u128::from(self.refused) <= bound,
            "{} of {bound}",
            self.refused
        );
        prop_assert!(
            !self.undecided.is_empty() || self.waiting.is_empty(),
            "{} wait for nothing",
            self.waiting.len()
        );
        Ok(())
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let ended = prop_oneof![
        4 => Just(Ended::Refused),
        2 => Just(Ended::Entered),
        1 => Just(Ended::Neither),
    ];
    let one = prop_oneof![
        8 => Just(Move::Ask),
        1 => any::<usize>().prop_map(Move::GiveUp),
        6 => (any::<usize>(), ended).prop_map(|(at, ended)| Move::End(at, ended)),
        1 => (0_u64..20_000).prop_map(Move::Wait),
        1 => Just(Move::SumUp),
    ];
    vec(one, 0..400)
}

proptest! {
    #[test]
    fn refusals_are_at_most_the_budget_what_was_refilled_and_what_was_done(
        budget in 1_u32..12,
        moves in moves(),
    ) {
        let mut played = Played::begin(budget);
        for what in &moves {
            played.make(what);
            played.laws(budget)?;
        }
        // Everything under way at the end is refused.
        while let Some(place) = played.undecided.pop() {
            played.end(place, Ended::Refused);
            played.take_turns();
            played.laws(budget)?;
        }
        prop_assert!(played.waiting.is_empty());
    }
}

#[test]
fn who_is_only_refused_has_its_budget_however_much_it_asks_at_once() {
    let mut played = Played::begin(60);
    for _ in 0..2_000 {
        played.make(&Move::Ask);
    }
    assert_eq!((played.undecided.len(), played.waiting.len()), (60, 1_940));
    while let Some(place) = played.undecided.pop() {
        played.end(place, Ended::Refused);
        played.take_turns();
    }
    assert_eq!(played.refused, 60);
    assert!(played.waiting.is_empty(), "told, and not left waiting");
    assert!(!played.gate.passes(&played.by));
    assert_eq!(played.gate.sum_up(played.now), [(played.by.clone(), 1_941)]);
    assert!(played.gate.passes(&played.by), "one call more is no flood");
}

#[test]
fn a_good_caller_has_room_for_256_at_once_after_three_round_trips() {
    let mut played = Played::begin(60);
    let mut round_trips = 0;
    while played.undecided.len() < 256 {
        for place in std::mem::take(&mut played.undecided) {
            played.end(place, Ended::Entered);
        }
        played.take_turns();
        while played.undecided.len() + played.waiting.len() < 256 {
            played.make(&Move::Ask);
        }
        round_trips += 1;
    }
    assert!(
        round_trips <= 4,
        "the first has 60, the next twice as many: {round_trips}"
    );
}

#[test]
fn a_good_caller_has_room_for_a_whole_batch_and_none_fills_the_queue() {
    let mut played = Played::begin(60);
    for _ in 0..10 {
        for place in std::mem::take(&mut played.undecided) {
            played.end(place, Ended::Entered);
        }
        played.take_turns();
        while played.undecided.len() + played.waiting.len() < 2_000 {
            played.make(&Move::Ask);
        }
    }
    let undecided = played.undecided.len();
    assert!(
        (500..=QUEUE_ACTS_MAX / 8).contains(&undecided),
        "{undecided}"
    );
}

#[test]
fn a_queue_that_is_full_is_an_answer_and_who_gave_up_is_no_longer_in_it() {
    let mut played = Played::begin(1);
    for _ in 0..=WAITING_MAX {
        played.make(&Move::Ask);
    }
    assert_eq!(played.waiting.len(), WAITING_MAX);
    let full = played.gate.ask(&played.by, played.now);
    assert!(matches!(full, Err(Turned::QueueFull)));
    played.make(&Move::GiveUp(7));
    played.make(&Move::Ask);
    assert_eq!(played.waiting.len(), WAITING_MAX);
}

#[test]
fn who_has_nothing_under_way_and_no_refusals_is_forgotten() {
    let mut played = Played::begin(2);
    played.make(&Move::Ask);
    played.make(&Move::Ask);
    played.make(&Move::End(0, Ended::Refused));
    played.make(&Move::SumUp);
    assert_eq!(played.gate.lock().len(), 1, "an act is under way");
    played.make(&Move::End(0, Ended::Entered));
    played.make(&Move::SumUp);
    assert_eq!(played.gate.lock().len(), 1, "a refusal is remembered");
    played.make(&Move::Wait(30_000));
    played.make(&Move::SumUp);
    assert_eq!(played.gate.lock().len(), 0);
}

#[tokio::test]
async fn a_place_given_to_who_stopped_waiting_goes_to_the_next() {
    let (gate, by, _) = gate(1);
    let first = gate.enter(&by).await.unwrap();
    let mut second = Box::pin(gate.enter(&by));
    assert!(futures::poll!(&mut second).is_pending());
    let mut third = Box::pin(gate.enter(&by));
    assert!(futures::poll!(&mut third).is_pending());
    // The second has its place, and goes away before it looks.
    first.end(Ended::Neither);
    drop(second);
    third.await.unwrap().end(Ended::Neither);
    assert_eq!(gate.lock()[&by].undecided, 0);
}
