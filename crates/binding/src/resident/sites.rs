//! From where threads acquire and wait, in the arena of a manager that is being debugged.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::arena::Failure;
use ::arena::heap::Heap;
use ::arena::life::LifeId;
use ::arena::memory::Shared;
use ::arena::site::SITES_MAX;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;

/// The numbers of sites that this process knows, and how many there are: all numbers up to that.
#[derive(Default)]
pub struct Sites(Mutex<(HashMap<String, u64>, u64)>);

impl Sites {
    /// Those of an arena; `None` where sites are not noted.
    pub fn of(heap: &Heap<Shared>) -> Result<Option<Self>, Failure> {
        Ok(heap.has_sites()?.then(Self::default))
    }

    fn known(&self) -> MutexGuard<'_, (HashMap<String, u64>, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a site, which gets one if it has none.
    fn number(&self, heap: &Heap<Shared>, text: &str) -> Result<u64, Failure> {
        loop {
            let number = {
                let known = self.known();
                if let Some(&number) = known.0.get(text) {
                    return Ok(number);
                }
                known.1 + 1
            };
            if number > SITES_MAX {
                return Ok(0);
            }
            // Without the mutex: this may wait, and other threads go on meanwhile.
            let found = heap.number_site(number, text)?.unwrap_or_else(|| text.to_owned());
            let mut known = self.known();
            known.0.insert(found, number);
            known.1 = known.1.max(number);
        }
    }
}

/// For as long as this lives, others see from where the thread acquires or waits.
pub struct Noted<'a> {
    heap: &'a Heap<Shared>,
    me: LifeId,
    before: u64,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        // A signal handler may have had business of its own in a wait. Nobody is there to be told of a failure.
        let _ = self.heap.note_site(self.me, self.before);
    }
}

impl Arena {
    /// Has others see from where the calling thread acquires or waits, where sites are noted.
    #[inline]
    pub fn note_site(&self, py: Python<'_>) -> PyResult<Option<Noted<'_>>> {
        match self.sites() {
            None => Ok(None),
            Some(sites) => self.note_in(sites, py).map(Some),
        }
    }

    #[cold]
    fn note_in(&self, sites: &Sites, py: Python<'_>) -> PyResult<Noted<'_>> {
        let (heap, me) = (self.heap(), self.me()?);
        let text: Option<String> = self.python().object.bind(py).call_method0("site")?.extract()?;
        let number = match text {
            // An arena that is full has locks all the same.
            Some(text) => sites.number(heap, &text).unwrap_or(0),
            None => 0,
        };
        let before = heap.note_site(me, number).map_err(to_python)?;
        Ok(Noted { heap, me, before })
    }
}
