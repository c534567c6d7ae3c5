//! From where threads acquire and wait, in the arena of a manager that is being debugged.
//!
//! # Theory of operation
//!
//! A **site** is a text, the file and line of a call, and has a number. The texts are a dict from numbers, which the
//! arena itself holds and which only grows: so a number can be stored anywhere by one store, and names its text for as
//! long as the arena exists. There are as many as the users' programs have places that acquire something, and no more
//! than [`SITES_MAX`].
//!
//! A thread notes the site in the record of its life before it tries to take something or to wait, and takes the note
//! back afterwards. So whoever looks at those who wait finds it there, and whoever hands something over to one of them
//! does, too. What is taken keeps the number of its taker: the change that says whose it is says from where, too.
//! Taking by one bare exchange could not do that, so nobody does it in such an arena.

#[cfg(test)]
pub(crate) mod kills;

use crate::dict::{Dict, Key};
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::{SITES, SITES_GENERATION, Space};
use crate::life::{self, LifeId};
use crate::memory::Memory;
use crate::object::{Handle, REFERENCES};
use crate::value::{Kind, Loaded, Value};

/// So many bits has the number of a site.
pub const SITE_BITS: u32 = 20;
/// The last number; 0 is no site.
pub const SITES_MAX: u64 = (1 << SITE_BITS) - 1;

/// Whether sites are noted.
pub(crate) fn are_noted<M: Memory>(space: &Space<M>) -> Result<bool> {
    Ok(space.memory.load(SITES)? != 0)
}

/// From where a thread acquires or waits just now; `None` where sites are not noted.
pub(crate) fn noted<M: Memory>(space: &Space<M>, life: LifeId) -> Result<Option<u64>> {
    if !are_noted(space)? {
        return Ok(None);
    }
    life::site(space, life).map(Some)
}

impl<M: Memory> Heap<M> {
    /// Has sites noted from now on. Nobody else may have the arena yet.
    pub fn note_sites(&self) -> Result<()> {
        let sites = Dict::create(self)?.handle();
        // A reference that is never released: the arena itself holds the sites.
        self.space.memory.store(sites.at + REFERENCES, 1)?;
        self.space.memory.store(SITES_GENERATION, sites.generation)?;
        self.space.memory.store(SITES, sites.at)?;
        self.let_go(sites)
    }

    /// Whether sites are noted.
    pub fn has_sites(&self) -> Result<bool> {
        are_noted(&self.space)
    }

    fn sites(&self) -> Result<Dict> {
        let at = self.space.memory.load(SITES)?;
        let generation = self.space.memory.load(SITES_GENERATION)?;
        Dict::open(self, Handle { at, generation })
    }

    /// Gives the number to a site, if no other one has it. Returns whose number it was.
    pub fn number_site(&self, number: u64, text: &str) -> Result<Option<String>> {
        let value = Value::Data(Kind::Str, &[text.as_bytes()]);
        self.sites()?.set_default(self, &key(number), &value)?.map(text_of).transpose()
    }

    /// The site with a number.
    pub fn site(&self, number: u64) -> Result<Option<String>> {
        if number == 0 || !self.has_sites()? {
            return Ok(None);
        }
        self.sites()?.get(self, &key(number))?.map(text_of).transpose()
    }

    /// Notes from where the thread acquires or waits: 0 for none. Returns what was noted before.
    pub fn note_site(&self, me: LifeId, number: u64) -> Result<u64> {
        let before = life::site(&self.space, me)?;
        life::set_site(&self.space, me, number.min(SITES_MAX))?;
        Ok(before)
    }

    /// From where a thread acquires or waits just now; 0 if that is not known.
    pub fn site_of(&self, life: LifeId) -> Result<u64> {
        Ok(noted(&self.space, life)?.unwrap_or(0))
    }
}

#[allow(clippy::cast_possible_wrap)] // Of 20 bits.
fn key(number: u64) -> Key<'static> {
    Key::int(number, number as i64)
}

fn text_of(loaded: Loaded) -> Result<String> {
    match loaded {
        Loaded::Data(Kind::Str, bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        _ => corrupt("a site is no text"),
    }
}

#[test]
fn a_site_keeps_the_number_that_it_was_given_first() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    assert_eq!((heap.has_sites(), heap.site(1)), (Ok(false), Ok(None)));
    heap.note_sites().unwrap();
    assert_eq!(heap.number_site(1, "a.py:1"), Ok(None));
    assert_eq!(heap.number_site(1, "b.py:2"), Ok(Some("a.py:1".to_owned())));
    assert_eq!(heap.number_site(2, "b.py:2"), Ok(None));
    assert_eq!(heap.site(2), Ok(Some("b.py:2".to_owned())));
    assert_eq!((heap.site(0), heap.site(3)), (Ok(None), Ok(None)));
    assert_eq!(heap.objects(), Ok(vec![]));
    crate::audit::audit(&heap.space).unwrap();
}
