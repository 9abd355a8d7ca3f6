//! The system calls that the standard library lacks: CPU time of a child, kernel receive stamps,
//! the limit of open files. The only unsafe code of this package.

#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::ptr;
use std::time::Duration;

/// How a child ended, and the CPU time that it used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) cpu: Duration,
}

/// Reaps a child of this process if it has ended (wait4 with `WNOHANG`).
pub(crate) fn try_wait(pid: u32) -> io::Result<Option<Ended>> {
    let mut status = 0;
    // SAFETY: `rusage` is plain data, for which zeroes are a value.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: both pointers are to live, writable values of the types that wait4 fills.
    let reaped = unsafe {
        libc::wait4(
            pid as libc::pid_t,
            &raw mut status,
            libc::WNOHANG,
            &raw mut usage,
        )
    };
    match reaped {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => {
            let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
            Ok(Some(Ended {
                status: ExitStatus::from_raw(status),
                cpu,
            }))
        }
    }
}

/// The CPU time that this process has used, in all its threads.
pub(crate) fn own_cpu() -> io::Result<Duration> {
    // SAFETY: `rusage` is plain data, for which zeroes are a value.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: the pointer is to a live, writable value of the type that getrusage fills.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(duration(usage.ru_utime) + duration(usage.ru_stime))
}

fn duration(time: libc::timeval) -> Duration {
    Duration::new(
        time.tv_sec.max(0) as u64,
        (time.tv_usec.max(0) as u32) * 1000,
    )
}

/// Raises the soft limit of open files to the hard one, for this process and its children.
pub(crate) fn raise_file_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a live, writable rlimit.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the pointer is to a live rlimit, which is only read.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// Asks the kernel to stamp what this socket receives, on the wall clock.
pub(crate) fn stamp_receives(stream: &TcpStream) -> io::Result<()> {
    let flags = libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
    // SAFETY: the descriptor is open while `stream` is borrowed; pointer and length are those of
    // a live integer, as SO_TIMESTAMPING wants.
    let result = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPING,
            (&raw const flags).cast(),
            mem::size_of_val(&flags) as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Receives into `buffer`: the number of bytes, and when the kernel got the last of them (since
/// 1970), if it says so.
pub(crate) fn receive(
    stream: &TcpStream,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<Duration>)> {
    // Words, because control messages must be aligned as their headers are.
    let mut control = [0_u64; 32];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: `msghdr` is plain data, for which zeroes are a value.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = mem::size_of_val(&control);
    // SAFETY: every pointer in `message` is to live, writable memory of the length beside it.
    let received = unsafe { libc::recvmsg(stream.as_raw_fd(), &raw mut message, 0) };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    let mut stamp = None;
    // SAFETY: recvmsg has filled `message`, and `control` is alive while the headers are walked;
    // the macros stay inside `msg_controllen`. The data of SCM_TIMESTAMPING are three timespecs,
    // whose length is checked and which are read unaligned.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            let wanted = (*header).cmsg_level == libc::SOL_SOCKET
                && (*header).cmsg_type == libc::SCM_TIMESTAMPING
                && (*header).cmsg_len
                    >= libc::CMSG_LEN(mem::size_of::<[libc::timespec; 3]>() as u32) as usize;
            if wanted {
                let times: [libc::timespec; 3] =
                    ptr::read_unaligned(libc::CMSG_DATA(header).cast());
                let software = times[0];
                if software.tv_sec > 0 {
                    stamp = Some(Duration::new(
                        software.tv_sec as u64,
                        software.tv_nsec as u32,
                    ));
                }
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    Ok((received, stamp))
}

/// From now on the calling thread runs only where no other one wants to (sched(7), `SCHED_IDLE`).
pub(crate) fn run_only_when_idle() -> io::Result<()> {
    // SAFETY: plain data, for which zeroes are a value.
    let parameters: libc::sched_param = unsafe { mem::zeroed() };
    // SAFETY: a live value; 0 is the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
