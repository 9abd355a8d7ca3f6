//! The system calls that the standard library lacks: reading a socket together with the kernel's
//! receive timestamp, and the two clocks. The crate's only unsafe code.
#![allow(unsafe_code)]

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::OnceLock;

/// What one read brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    /// Bytes read; 0 at the end of the stream.
    pub(crate) len: usize,
    /// When the last of the segments read arrived, in nanoseconds of the wall clock.
    pub(crate) stamp: Option<i64>,
}

/// Room for the control messages of one read: a header and three time values need 64 bytes.
#[repr(align(8))]
struct Control([MaybeUninit<u8>; 128]);

const NANOS: i64 = 1_000_000_000;

/// `CLOCK_MONOTONIC` in nanoseconds.
pub(crate) fn monotonic() -> i64 {
    read_clock(libc::CLOCK_MONOTONIC)
}

/// `CLOCK_REALTIME` in nanoseconds since 1970.
pub(crate) fn realtime() -> i64 {
    read_clock(libc::CLOCK_REALTIME)
}

fn read_clock(id: libc::clockid_t) -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec to write to. The call fails only for unknown clocks, and
    // then leaves the zeros.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    nanoseconds(&time)
}

fn nanoseconds(time: &libc::timespec) -> i64 {
    time.tv_sec
        .saturating_mul(NANOS)
        .saturating_add(time.tv_nsec)
}

/// Asks the kernel to stamp what a socket receives, in software (`SO_TIMESTAMPING`).
pub(crate) fn enable(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags: libc::c_uint = libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
    // SAFETY: the option's value is an unsigned int, which is what pointer and length describe.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPING,
            (&raw const flags).cast(),
            size_of::<libc::c_uint>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Reads once from a non-blocking socket.
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Received> {
    let mut control = Control([MaybeUninit::uninit(); 128]);
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: all-zero bytes are a valid msghdr: null pointers with zero lengths.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    let len = loop {
        // SAFETY: the message points to one buffer and one control area that both outlive the call
        // and have the lengths given. The kernel writes within them.
        let result = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, 0) };
        if let Ok(len) = usize::try_from(result) {
            break len;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    };
    Ok(Received {
        len,
        stamp: find_stamp(&message),
    })
}

fn find_stamp(message: &libc::msghdr) -> Option<i64> {
    // SAFETY: the kernel has filled the control area and set its length; the macros walk it within
    // these bounds, and `control` is aligned as a cmsghdr needs it.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: not null, so it points to a whole header inside the control area.
        let (level, kind, length) = unsafe {
            (
                (*header).cmsg_level,
                (*header).cmsg_type,
                (*header).cmsg_len as usize,
            )
        };
        // SAFETY: plain arithmetic on a constant.
        let wanted = unsafe { libc::CMSG_LEN(size_of::<libc::timespec>() as u32) } as usize;
        if level == libc::SOL_SOCKET && kind == libc::SCM_TIMESTAMPING && length >= wanted {
            // SAFETY: the message is long enough for the first of its three time values, which is
            // the software stamp. It may be unaligned.
            let time = unsafe {
                libc::CMSG_DATA(header)
                    .cast::<libc::timespec>()
                    .read_unaligned()
            };
            return Some(nanoseconds(&time)).filter(|&stamp| stamp != 0);
        }
        // SAFETY: as above; gives null after the last message.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    None
}

/// Turns the kernel's stamping on and keeps it on for the life of the process.
///
/// The kernel stamps packets only while some socket wants it, and turns that on a little after the
/// first one asks: without this the first responses would come without stamps.
pub(crate) fn warm_up() {
    static KEEPER: OnceLock<Option<UdpSocket>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        enable(socket.as_fd()).ok()?;
        Some(socket)
    });
}
