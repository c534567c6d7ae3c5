//! The opcodes of pickle 5 that plain values need, by the names that `pickletools` gives them.

/// What a pickle begins with: PROTO and its number.
pub const BEGIN: [u8; 2] = [0x80, 5];
pub const STOP: u8 = b'.';
pub const FRAME: u8 = 0x95;
pub const MEMOIZE: u8 = 0x94;

pub const NONE: u8 = b'N';
pub const NEWTRUE: u8 = 0x88;
pub const NEWFALSE: u8 = 0x89;
pub const BININT: u8 = b'J';
pub const BININT1: u8 = b'K';
pub const BININT2: u8 = b'M';
pub const LONG1: u8 = 0x8a;
pub const BINFLOAT: u8 = b'G';
pub const SHORT_BINUNICODE: u8 = 0x8c;
pub const BINUNICODE: u8 = b'X';
pub const SHORT_BINBYTES: u8 = b'C';
pub const BINBYTES: u8 = b'B';

pub const MARK: u8 = b'(';
pub const TUPLE: u8 = b't';
pub const EMPTY_TUPLE: u8 = b')';
pub const TUPLE1: u8 = 0x85;
pub const TUPLE2: u8 = 0x86;
pub const TUPLE3: u8 = 0x87;
pub const EMPTY_DICT: u8 = b'}';
