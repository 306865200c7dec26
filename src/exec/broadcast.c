/* SPDX-License-Identifier: BSD-3-Clause */
/* Addressing, sending, delivering.
 * Owner: see the header. Locks: none. */
#include "sherd/exec/broadcast.h"

#include "sherd/exec/exec.h"

/* The message in one worker's mailbox. */
struct broadcast_mail {
    struct mail mail;
    struct broadcast *broadcast; /* NULL: that worker does not get it */
};

void *broadcast_create(struct exec *exec, size_t bytes, const struct broadcast_kind *kind)
{
    uint32_t workers = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    size_t begin = (bytes + _Alignof(struct broadcast_mail) - 1) & ~(_Alignof(struct broadcast_mail) - 1);
    struct broadcast *broadcast = memory_alloc_zeroed(begin + workers * sizeof(struct broadcast_mail));
    broadcast->kind = kind;
    broadcast->exec = exec;
    broadcast->mails = (void *)((char *)broadcast + begin);
    broadcast->worker_count = workers;
    return broadcast;
}

void broadcast_destroy(struct broadcast *broadcast)
{
    broadcast->kind->end(broadcast);
    memory_free(broadcast);
}

static void deliver(struct mail *mail, void *receiver)
{
    (void)receiver;
    const struct broadcast_mail *own = CONTAINER_OF(mail, struct broadcast_mail, mail);
    struct broadcast *broadcast = own->broadcast;
    broadcast->kind->deliver(broadcast, (uint32_t)(own - broadcast->mails));
    if (atomic_fetch_sub_explicit(&broadcast->references, 1, memory_order_acq_rel) == 1) {
        broadcast_destroy(broadcast);
    }
}

void broadcast_address(struct broadcast *broadcast, uint32_t worker)
{
    struct broadcast_mail *mail = &broadcast->mails[worker];
    if (worker < broadcast->worker_count && mail->broadcast == NULL) {
        *mail = (struct broadcast_mail){.mail = {.deliver = deliver}, .broadcast = broadcast};
        broadcast->addressed++;
    }
}

void broadcast_address_nobody(struct broadcast *broadcast)
{
    for (uint32_t i = 0; i < broadcast->worker_count; i++) {
        broadcast->mails[i].broadcast = NULL;
    }
    broadcast->addressed = 0;
}

void broadcast_send(struct broadcast *broadcast)
{
    uint32_t left = broadcast->addressed;
    uint32_t workers = broadcast->worker_count;
    struct exec *exec = broadcast->exec;
    atomic_store_explicit(&broadcast->references, left, memory_order_relaxed);
    for (uint32_t i = 0; i < workers && left != 0; i++) {
        if (broadcast->mails[i].broadcast != NULL) {
            left--; /* with the last mail the message may be gone */
            const struct exec_worker *worker = atomic_load_explicit(&exec->workers[i], memory_order_acquire);
            mailbox_send(worker->box, &broadcast->mails[i].mail);
        }
    }
}

void broadcast_push(struct session *session, struct blob *part)
{
    struct output *out = session_push_output(session);
    if (part->len >= REPLY_REFERENCE_BYTES) {
        output_insert_blob(out, blob_reference(part));
    } else {
        buffer_append_slice(&out->bytes, blob_slice(part));
    }
}
