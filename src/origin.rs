//! Where the request comes from that is being answered: every note of what it does tells of it, without each
//! function on the way handing it on. Outside of a request there is none.

use std::future::Future;
use std::rc::Rc;

/// As much of a program's word about itself as is noted: a client can send anything, at any length.
const LONGEST_AGENT: usize = 200;

/// Where a request comes from, as far as it can be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address of the client; empty where there is none.
    pub address: String,
    /// What the client calls itself (RFC 9110, 10.1.5); empty where it says nothing.
    pub agent: String,
}

tokio::task_local! {
    static CURRENT: Rc<Origin>;
}

impl Origin {
    /// Of a client at an address, by its `User-Agent` header.
    pub fn new(address: String, agent: &[u8]) -> Self {
        let agent = String::from_utf8_lossy(agent);
        let agent = agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect();
        Self { address, agent }
    }

    /// The address, where there is one.
    pub fn known_address(&self) -> Option<&str> {
        (!self.address.is_empty()).then_some(self.address.as_str())
    }

    /// What the client calls itself, where it says so.
    pub fn known_agent(&self) -> Option<&str> {
        (!self.agent.is_empty()).then_some(self.agent.as_str())
    }

    /// The origin of the request that is being answered.
    pub fn current() -> Rc<Self> {
        CURRENT.try_with(Rc::clone).unwrap_or_default()
    }

    /// Runs `work` as what answers a request from there.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Rc::new(self), work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_knows_where_its_request_comes_from_and_nothing_else_does() {
        let origin = Origin::new("192.0.2.7".to_owned(), "curl/8\u{7}\n".as_bytes());
        let seen = origin.clone().scope(async { Origin::current() }).await;
        assert_eq!((seen.address.as_str(), seen.agent.as_str()), ("192.0.2.7", "curl/8"));
        assert_eq!(*Origin::current(), Origin::default());
    }

    #[test]
    fn a_name_without_end_is_cut_and_one_of_odd_bytes_is_shown() {
        let long = Origin::new(String::new(), "é".repeat(5000).as_bytes());
        assert_eq!(long.agent, "é".repeat(LONGEST_AGENT));
        assert_eq!(Origin::new(String::new(), b"a\xffb").agent, "a\u{fffd}b");
    }
}
