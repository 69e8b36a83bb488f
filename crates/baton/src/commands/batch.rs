//! Items that go to the service many to a call and are answered one by one.

use std::time::Duration;

use baton_client::{ClientError, ProtocolError};
use baton_wire::v1;
use tokio::time::sleep;

/// Items of one call.
pub(crate) const ITEMS_MAX: usize = 500;
/// Calls an item is sent in before its last answer stands. With the waits between them about two
/// minutes: a credential whose refusals are used up may have new ones after one.
const ROUNDS_MAX: usize = 9;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_LONGEST: Duration = Duration::from_secs(20);

/// What became of one item.
pub(crate) type Answer<A> = Result<A, ClientError>;

/// Sends items in one call, and those that there was no room for again. Items are known by what
/// they say, so that one that is sent twice changes nothing the second time.
///
/// A credential may have only so many refusals a minute; past that all its items are turned away.
/// When nothing but refusals comes back there is no use in waiting for more of them: the rest is
/// left as it is, to be sent when the file is mended.
pub(crate) async fn settle<T: Clone, A>(
    items: &[T],
    send: impl AsyncFn(Vec<T>) -> Result<Vec<Answer<A>>, ClientError>,
) -> Result<Vec<Answer<A>>, ClientError> {
    let mut answers: Vec<Option<Answer<A>>> = items.iter().map(|_| None).collect();
    let mut wait = WAIT_FIRST;
    for round in 1..=ROUNDS_MAX {
        let open: Vec<usize> = (0..items.len())
            .filter(|at| may_pass_later(answers[*at].as_ref()))
            .collect();
        if open.is_empty() {
            break;
        }
        if round > 1 {
            sleep(wait).await;
            wait = (wait * 2).min(WAIT_LONGEST);
        }
        let told = send(open.iter().map(|at| items[*at].clone()).collect()).await?;
        if told.len() != open.len() {
            return Err(ClientError::Protocol(ProtocolError::Count));
        }
        let done = told.iter().filter(|answer| answer.is_ok()).count();
        let later = told
            .iter()
            .filter(|answer| may_pass_later(Some(answer)))
            .count();
        let only_refusals = done == 0 && later < told.len();
        for (at, answer) in open.into_iter().zip(told) {
            answers[at] = Some(answer);
        }
        if only_refusals {
            break;
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Nothing was done, and later there may be room. Other failures the client has repeated already.
fn may_pass_later<A>(answer: Option<&Answer<A>>) -> bool {
    matches!(
        answer,
        None | Some(Err(
            ClientError::Full { .. } | ClientError::RateLimited { .. }
        ))
    )
}

/// An item's answer or its error; one of the two must be there.
pub(crate) fn answer<A>(done: Option<A>, error: Option<v1::ItemError>) -> Answer<A> {
    match (done, error) {
        (_, Some(error)) => Err(error.into()),
        (Some(done), None) => Ok(done),
        (None, None) => Err(ClientError::Protocol(ProtocolError::Item)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use baton_wire::status::Reason;

    use super::*;

    #[tokio::test]
    async fn what_there_was_no_room_for_is_sent_again_and_what_was_refused_is_not() {
        let sent = RefCell::new(Vec::new());
        let send = async |items: Vec<u32>| {
            let first = sent.borrow().is_empty();
            sent.borrow_mut().push(items.clone());
            let full = ClientError::Full {
                reason: Reason::QueueFull,
                retry_after: None,
            };
            Ok(items
                .into_iter()
                .map(|item| match item {
                    2 => Err(ClientError::Denied),
                    3 if first => Err(full.clone()),
                    item => Ok(item),
                })
                .collect())
        };
        let answers = settle(&[1, 2, 3], send).await.unwrap();
        assert_eq!(answers, [Ok(1), Err(ClientError::Denied), Ok(3)]);
        assert_eq!(*sent.borrow(), [vec![1, 2, 3], vec![3]]);
    }

    #[tokio::test]
    async fn where_all_is_refused_the_rest_is_not_waited_for() {
        let limited = ClientError::RateLimited {
            reason: None,
            retry_after: None,
        };
        let send = async |items: Vec<u32>| {
            let refusal = |item| {
                if item < 3 {
                    ClientError::Denied
                } else {
                    limited.clone()
                }
            };
            Ok(items
                .into_iter()
                .map(|item| Err::<(), _>(refusal(item)))
                .collect())
        };
        let answers = settle(&[1, 2, 3], send).await.unwrap();
        assert_eq!(answers[2], Err(limited.clone()));
    }
}
