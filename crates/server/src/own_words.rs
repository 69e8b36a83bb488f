//! What the transport answers by itself, told in the words of the contract.
//!
//! A message too large or not decodable and a method that is not there never reach a handler. The
//! transport's status for them names no reason, and its text is made of what was sent.

use baton_wire::status::Reason;
use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

/// The answer, with a status of ours in place of one that the transport made.
pub(crate) fn in_our_words(answer: Response<Body>) -> Response<Body> {
    let Some(status) = Status::from_header_map(answer.headers()) else {
        return answer;
    };
    // Every status of ours has details. That a service is not there is health's own word for it.
    if matches!(status.code(), Code::Ok | Code::NotFound) || !status.details().is_empty() {
        return answer;
    }
    let reason = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Reason::RequestTooLarge,
        Code::Unimplemented => Reason::Unimplemented,
        Code::Cancelled | Code::DeadlineExceeded => Reason::DeadlineExceeded,
        Code::Unavailable => Reason::Unavailable,
        // Bytes that are no message of the method.
        _ => Reason::InvalidRequest,
    };
    Status::from(reason).into_http()
}

#[cfg(test)]
mod tests {
    use baton_wire::status::Problem;

    use super::*;

    fn told(status: Status) -> Reason {
        let answer = in_our_words(status.into_http());
        let status = Status::from_header_map(answer.headers()).expect("a status");
        Problem::of(&status).expect("one of ours").reason
    }

    #[test]
    fn a_status_of_the_transport_is_replaced_and_one_of_ours_is_kept() {
        let large = Status::out_of_range("found 9437189 bytes");
        assert_eq!(told(large), Reason::RequestTooLarge);
        assert_eq!(told(Status::unimplemented("")), Reason::Unimplemented);
        for &reason in Reason::ALL {
            assert_eq!(told(reason.into()), reason);
        }
    }

    #[test]
    fn an_answer_without_a_status_in_its_head_is_left_alone() {
        let answer = Response::new(Body::empty());
        assert!(in_our_words(answer).headers().is_empty());
    }
}
