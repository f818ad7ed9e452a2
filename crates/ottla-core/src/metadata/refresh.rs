//! When metadata is asked for.

use core::time::Duration;

use crate::backoff::Backoff;
use crate::partitioner::Rng;
use crate::time::Instant;

/// What the next request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    Nothing,
    /// Topics that are new: only these are asked for.
    NewTopics,
    /// Everything in use, because something changed.
    All,
}

/// The clock of metadata requests. One is in flight at a time.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    want: Want,
    because: &'static str,
    /// What the request in flight was for.
    asking: Option<Want>,
    not_before: Instant,
    expires: Instant,
    updated_at: Option<Instant>,
    /// Requests in a row that failed, and since when.
    failures: u32,
    failing_since: Option<Instant>,
    /// Answers in a row that said nothing new.
    unchanged: u32,
    /// Something arrived that waiting records should see.
    pub(crate) news: bool,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            want: Want::Nothing,
            because: "",
            asking: None,
            not_before: Instant::ZERO,
            expires: Instant::MAX,
            updated_at: None,
            failures: 0,
            failing_since: None,
            unchanged: 0,
            news: false,
        }
    }
}

impl Refresh {
    pub(crate) fn want_new_topics(&mut self) {
        self.want(Want::NewTopics, "a new topic is used");
    }

    pub(crate) fn want_all(&mut self, because: &'static str) {
        self.want(Want::All, because);
    }

    fn want(&mut self, want: Want, because: &'static str) {
        if want > self.want {
            self.want = want;
            self.because = because;
        }
    }

    /// The next moment at which a request should go out; `None` while one is in flight or nothing is wanted.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        if self.asking.is_some() {
            return None;
        }
        let wanted = (self.want != Want::Nothing).then_some(self.not_before);
        let aged = (self.expires != Instant::MAX).then(|| self.expires.max(self.not_before));
        wanted.into_iter().chain(aged).min()
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next_due().is_some_and(|at| at <= now)
    }

    /// When metadata last arrived.
    pub(crate) fn updated_at(&self) -> Option<Instant> {
        self.updated_at
    }

    /// Metadata is there before anybody was asked.
    pub(crate) fn preloaded(&mut self, expires: Instant) {
        self.expires = expires;
        self.news = true;
    }

    /// Since when metadata is wanted and does not come.
    pub(crate) fn failing_since(&self) -> Option<Instant> {
        self.failing_since
    }

    /// Metadata is due and there is nobody to ask.
    pub(crate) fn nobody_to_ask(&mut self, now: Instant) {
        self.failing_since.get_or_insert(now);
    }

    /// Nodes are looked for from the beginning: so is the time that this may take.
    pub(crate) fn begun_again(&mut self, now: Instant) {
        self.failing_since = Some(now);
    }

    /// A request goes out. What is wanted from now on is for the next one.
    pub(crate) fn asked(&mut self, now: Instant) -> (Want, &'static str) {
        let (want, because) = match (self.want, self.expires <= now) {
            (Want::Nothing, _) => (Want::All, "metadata.max.age.ms"),
            (_, true) => (Want::All, self.because),
            (want, false) => (want, self.because),
        };
        self.want = Want::Nothing;
        self.asking = Some(want);
        (want, because)
    }

    /// The request in flight came to nothing.
    pub(crate) fn failed(&mut self, now: Instant, backoff: &Backoff, rng: &mut Rng) {
        if let Some(want) = self.asking.take()
            && !mutant!(FailedWishDropped)
        {
            self.want(want, "the last request failed");
        }
        let failures = if mutant!(MetadataBackoffConstant) {
            0
        } else {
            self.failures
        };
        self.not_before = now + backoff.delay(failures, rng);
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
    }

    /// Metadata arrived. Answers that change nothing make the next wish wait longer each time, or a cluster without
    /// a leader would be asked in a busy loop.
    pub(crate) fn succeeded(
        &mut self,
        now: Instant,
        changed: bool,
        max_age: Duration,
        backoff: &Backoff,
        rng: &mut Rng,
    ) {
        let was_due = self.expires <= now;
        self.asking = None;
        self.failures = 0;
        self.failing_since = None;
        self.updated_at = Some(now);
        self.expires = now + max_age;
        self.news = true;
        self.not_before = now;
        if changed || was_due {
            self.unchanged = 0;
        } else {
            self.not_before = now + backoff.delay(self.unchanged, rng);
            self.unchanged = self.unchanged.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_millis(100), Duration::from_millis(1000))
    }

    const AGE: Duration = Duration::from_secs(300);

    #[test]
    fn nothing_is_asked_before_something_is_wanted() {
        let mut refresh = Refresh::default();
        assert_eq!(refresh.next_due(), None);
        refresh.want_new_topics();
        assert!(refresh.is_due(Instant::ZERO));
        assert_eq!(refresh.asked(Instant::ZERO).0, Want::NewTopics);
        assert_eq!(refresh.next_due(), None, "one request at a time");
    }

    #[test]
    fn a_wish_during_a_request_is_not_lost_with_its_answer() {
        let (mut refresh, mut rng) = (Refresh::default(), Rng::new(1));
        refresh.want_new_topics();
        refresh.asked(Instant::ZERO);
        refresh.want_all("a leader moved");
        refresh.succeeded(Instant::ZERO, true, AGE, &backoff(), &mut rng);
        assert!(refresh.is_due(Instant::ZERO));
        assert_eq!(refresh.asked(Instant::ZERO), (Want::All, "a leader moved"));
    }

    #[test]
    fn answers_without_news_are_asked_for_ever_more_slowly() {
        let (mut refresh, mut rng) = (Refresh::default(), Rng::new(1));
        let mut now = Instant::from_millis(1);
        let mut waits = alloc::vec::Vec::new();
        for _ in 0..6 {
            refresh.want_all("no leader");
            let due = refresh.next_due().expect("wanted");
            waits.push(due.saturating_since(now).as_millis());
            now = now.max(due);
            refresh.asked(now);
            refresh.succeeded(now, false, AGE, &backoff(), &mut rng);
        }
        assert_eq!(waits[0], 0);
        for (wait, (low, high)) in waits[1..]
            .iter()
            .zip([(80, 120), (160, 240), (320, 480), (640, 960)])
        {
            assert!((low..=high).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn age_asks_for_everything() {
        let (mut refresh, mut rng) = (Refresh::default(), Rng::new(1));
        refresh.want_new_topics();
        refresh.asked(Instant::ZERO);
        refresh.succeeded(Instant::ZERO, true, AGE, &backoff(), &mut rng);
        assert_eq!(refresh.next_due(), Some(Instant::ZERO + AGE));
        assert_eq!(
            refresh.asked(Instant::ZERO + AGE),
            (Want::All, "metadata.max.age.ms")
        );
    }
}
