//! Making an arena, attaching to it, leaving it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::Ordering;

use crate::Failure;
use crate::block::Header;
use crate::chores;
use crate::classes::SIZES;
use crate::dict::{Dict, Key, Part, Way};
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::identity::Identity;
use crate::layout::{ENDED, NAMESPACE, ROOT, ROOT_GENERATION, SLOTS, Space};
use crate::memory::{Memory, Shared};
use crate::object::{Handle, REFERENCES};
use crate::slots::{self, SlotInfo, Status};
use crate::units::{self, Backing, Kind};
use crate::value::{self, Loaded, Value};

impl Heap<Shared> {
    /// Makes an arena of `bytes` bytes of sparse memory and attaches to it as `name`. The descriptor lets other
    /// processes attach.
    pub fn create(bytes: u64, name: &str) -> Result<(Self, OwnedFd)> {
        let (memory, fd) = Shared::create(bytes)?;
        let heap = Self::format(memory, Identity::own()?, name)?;
        Ok((heap, fd))
    }

    /// Attaches to the arena behind a descriptor as `name`.
    pub fn attach(fd: &impl AsRawFd, name: &str) -> Result<Self> {
        let space = Space::open(Shared::open(fd)?)?;
        let own = Identity::own()?;
        if space.memory.load(NAMESPACE)? != own.namespace {
            return Err(Failure::OtherNamespace);
        }
        let slot = slots::attach(&space, own, name)?;
        Ok(Self::new(space, slot))
    }

    /// Sweeps every process that is certainly gone; returns how many there were.
    pub fn sweep_dead(&self) -> Result<u64> {
        let own = Identity::own()?;
        let mut swept = 0;
        for slot in 0..SLOTS {
            if slot != self.slot() && slots::is_dead(&self.space, slot, own)? {
                swept += u64::from(self.sweep(slot)?);
            }
        }
        Ok(swept)
    }
}

impl<M: Memory> Heap<M> {
    /// Makes an arena of zeroed memory and attaches `identity` to it.
    pub(crate) fn format(memory: M, identity: Identity, name: &str) -> Result<Self> {
        let space = Space::format(memory)?;
        space.memory.store(NAMESPACE, identity.namespace)?;
        let slot = slots::attach(&space, identity, name)?;
        let heap = Self::new(space, slot);
        let names = Dict::create(&heap)?.handle();
        // A reference that is never released: the arena itself holds the names.
        heap.space.memory.store(names.at + REFERENCES, 1)?;
        heap.space.memory.store(ROOT_GENERATION, names.generation)?;
        heap.space.memory.store(ROOT, names.at)?;
        heap.let_go(names)?;
        Ok(heap)
    }

    /// Leaves the arena in good order: what this process alone held is freed. No other thread may be in it.
    pub fn detach(self) -> Result<()> {
        self.leave_in_order()?;
        self.sweep(self.slot()).map(|_| ())
    }

    /// The slot of this process.
    #[inline]
    #[must_use]
    pub fn slot(&self) -> u64 {
        // Relaxed: changes only in a forked child, which has one thread then.
        self.space.slot.load(Ordering::Relaxed)
    }

    /// Ends the arena for everybody: its owner is gone, or wants it to be.
    pub fn end(&self) -> Result<()> {
        self.space.memory.store(ENDED, 1)?;
        self.space.memory.wake(ENDED, u32::MAX)?;
        chores::tell(&self.space)
    }

    /// Whether somebody has called [`Self::end`]. Cheap: one load.
    #[inline]
    pub fn is_ended(&self) -> Result<bool> {
        Ok(self.space.memory.load(ENDED)? != 0)
    }

    /// The processes that are attached.
    pub fn attached(&self) -> Result<Vec<SlotInfo>> {
        slots::list(&self.space)
    }

    fn names_dict(&self) -> Result<Dict> {
        let at = self.space.memory.load(ROOT)?;
        let generation = self.space.memory.load(ROOT_GENERATION)?;
        Dict::open(self, Handle { at, generation })
    }

    /// Gives an object a name, which holds it until [`Self::remove_name`]. Returns whether the name was free;
    /// if not, nothing changes.
    pub fn add_name(&self, name: &str, handle: Handle) -> Result<bool> {
        let value = Value::Object(handle);
        Ok(self.names_dict()?.set_default(self, &name_key(name), &value)?.is_none())
    }

    /// The object with a name. Hold it, and look whether it still has the name, before relying on it.
    pub fn find_name(&self, name: &str) -> Result<Option<Handle>> {
        match self.names_dict()?.get(self, &name_key(name))? {
            None => Ok(None),
            Some(Loaded::Object(handle)) => Ok(Some(handle)),
            Some(_) => corrupt("a name names no object"),
        }
    }

    /// Removes a name; the object goes with it if nothing else holds it. Returns whether it was there.
    pub fn remove_name(&self, name: &str) -> Result<bool> {
        self.names_dict()?.remove(self, &name_key(name))
    }

    /// All names, the oldest first.
    pub fn names(&self) -> Result<Vec<String>> {
        let dict = self.names_dict()?;
        'again: loop {
            let mut position = dict.begin(self, Way::Forward)?.only(Part::Keys);
            let mut items = Vec::new();
            while !position.is_end() {
                match dict.advance(self, &mut position, 64, &mut items) {
                    Err(Failure::Changed) => continue 'again,
                    other => other?,
                }
            }
            return Ok(items
                .into_iter()
                .filter_map(|(key, _)| key.loaded().ok().as_ref().and_then(text))
                .collect());
        }
    }

    /// Counts bytes. Reads every block's header: for tools, not for hot paths.
    pub fn stats(&self) -> Result<Stats> {
        let mut stats = Stats { bytes_reserved: self.space.memory.bytes(), ..Stats::default() };
        let mut unit = 0;
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
            let (base, bytes) =
                (self.space.map.unit_at(head), run.length * self.space.map.unit_bytes());
            stats.bytes_backed += if run.backing == Backing::None { 0 } else { bytes };
            let blocks = match run.kind {
                Kind::Slab => self.space.map.blocks_per_slab(run.class),
                Kind::Extent => 1,
                _ => 0,
            };
            let size = if run.kind == Kind::Extent { bytes } else { SIZES[run.class] };
            for block in 0..blocks {
                let header = Header(self.space.memory.load(base + block * size)?);
                stats.bytes_used += if header.is(crate::block::State::Free) { 0 } else { size };
            }
        }
        for slot in 0..SLOTS {
            let attached = slots::state(&self.space, slot)?.status != Status::Free;
            stats.slots += u64::from(attached);
        }
        Ok(stats)
    }
}

/// What an arena's memory is used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// The size that the arena may grow to.
    pub bytes_reserved: u64,
    /// Units whose pages are with the arena (at most: a unit counts if any of its pages may be).
    pub bytes_backed: u64,
    /// Blocks that are not free, at the size of their class.
    pub bytes_used: u64,
    /// Processes attached, or dead and not swept yet.
    pub slots: u64,
}

fn name_key(name: &str) -> Key<'_> {
    // FNV-1a: equal in every process, and names are few.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Key::data(hash, value::Kind::Str, name.as_bytes())
}

fn text(key: &Loaded) -> Option<String> {
    match key {
        Loaded::Data(_, bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

#[test]
fn an_arena_of_another_pid_namespace_is_refused() {
    let (heap, fd) = Heap::create(8 << 20, "test").unwrap();
    assert_eq!(Heap::attach(&fd, "same").unwrap().slot(), 1);
    heap.space.memory.store(NAMESPACE, 1).unwrap();
    assert!(matches!(Heap::attach(&fd, "other"), Err(Failure::OtherNamespace)));
}
