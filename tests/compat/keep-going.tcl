# SPDX-License-Identifier: BSD-3-Clause
# Runs the suite's own tests/test_helper.tcl, but lets a file go on after an error outside of a test.
# Owner: none; it lives for one run of tools/compat. Locks: none.
#
# Between its tests the suite prepares keys. When such a line fails (the server does not know that type yet),
# `--durable` drops the rest of the start_server block, tests included that would have passed. Here the
# block is evaluated command by command: the failing one is reported, the next one runs.

# Evaluates the commands of a script one by one in the caller's frame; within a test as a whole, so that it fails.
proc keep_going {script} {
    if {$::cur_test ne ""} {
        return [uplevel 1 $script]
    }
    set command ""
    foreach line [split $script "\n"] {
        append command $line "\n"
        if {![info complete $command]} continue
        set code [catch {uplevel 1 $command} message options]
        if {$code == 1} {
            set name [lindex [split [string trim $command] "\n"] 0]
            send_data_packet $::test_server_fd err "outside of a test: $name\n$message"
        } elseif {$code != 0} {
            return -options $options $message
        }
        set command ""
    }
}

# The suite's processes find each other as localhost, a name that a bare machine may not know.
rename socket original_socket
proc socket {args} {
    set words {}
    foreach word $args {
        lappend words [string map {localhost 127.0.0.1} $word]
    }
    return [uplevel 1 [list original_socket {*}$words]]
}

# tests/test_helper.tcl sources the file that defines start_server; right after that, it gets its wrapper.
rename source original_source
proc source {args} {
    uplevel 1 [list original_source {*}$args]
    if {[file tail [lindex $args end]] ne "server.tcl"} return
    rename start_server original_start_server
    proc start_server {options {code undefined}} {
        uplevel 1 [list original_start_server $options [list keep_going $code]]
    }
    rename tags original_tags
    proc tags {tags code} {
        uplevel 1 [list original_tags $tags [list keep_going $code]]
    }
}

# The helper starts its client process by `info script`: evaluated instead of sourced, it finds this file there.
set helper [open tests/test_helper.tcl]
set text [read $helper]
close $helper
eval $text
