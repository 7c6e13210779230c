/* The least that a durable model call can cost with the same libraries: libcurl's multi-socket interface on epoll, and one insert of
 * request and answer into SQLite, committed in groups with synchronous=FULL before the next call of its chain begins. No prices, no caps,
 * no retries, no reading of the answer. `run.sh ratio` holds agentctl's CPU a step against it.
 *
 *   bare URL LEDGER CHAINS STEPS PARALLEL      posts CHAINS times STEPS requests, PARALLEL chains at once
 */
#include <curl/curl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

struct call {
  CURL *easy;
  int chain, step;
  char request[512];
  char *answer;
  size_t length, room;
};

static int epoll, chains, steps, parallel, next_chain, done;
static long timeout_ms = 0;
static CURLM *multi;
static struct call **ended;
static int ended_count;
static const char *url;
static struct curl_slist *headers;

static void fail(const char *what) { fprintf(stderr, "bare: %s\n", what); exit(1); }

static int socket_changed(CURL *easy, curl_socket_t s, int what, void *p, void *known) {
  struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0), .data.fd = s};
  if (what == CURL_POLL_REMOVE) { epoll_ctl(epoll, EPOLL_CTL_DEL, s, NULL); return 0; }
  if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s, &event) != 0) epoll_ctl(epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s, &event);
  curl_multi_assign(multi, s, (void *)1);
  return 0;
}

static int timer_changed(CURLM *m, long ms, void *p) { timeout_ms = ms; return 0; }

static size_t received(char *bytes, size_t size, size_t count, void *p) {
  struct call *call = p;
  size_t length = size * count;
  if (call->length + length > call->room) call->answer = realloc(call->answer, call->room = (call->length + length) * 2);
  memcpy(call->answer + call->length, bytes, length);
  call->length += length;
  return length;
}

static void begin(struct call *call) {
  call->length = 0;
  int length = snprintf(
      call->request, sizeof call->request,
      "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"Ticket %d, step %d: what is it about? Answer in one word.\"}],\"max_tokens\":64}",
      call->chain, call->step);
  curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE, (long)length);
  curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->request);
  curl_multi_add_handle(multi, call->easy);
}

static void collect(void) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    if (message->data.result != CURLE_OK) fail(curl_easy_strerror(message->data.result));
    struct call *call;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    curl_multi_remove_handle(multi, call->easy);
    ended[ended_count++] = call;
  }
}

int main(int argc, char **argv) {
  if (argc != 6) fail("URL LEDGER CHAINS STEPS PARALLEL");
  url = argv[1]; chains = atoi(argv[3]); steps = atoi(argv[4]); parallel = atoi(argv[5]);
  if (parallel > chains) parallel = chains;
  sqlite3 *db;
  sqlite3_stmt *insert;
  if (sqlite3_open(argv[2], &db) != SQLITE_OK ||
      sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE call(chain INTEGER, step INTEGER, request TEXT, answer TEXT, PRIMARY KEY(chain, step)) WITHOUT ROWID", 0, 0, 0) != SQLITE_OK ||
      sqlite3_prepare_v2(db, "INSERT INTO call VALUES (?,?,?,?)", -1, &insert, 0) != SQLITE_OK) fail(sqlite3_errmsg(db));
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  epoll = epoll_create1(0);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  ended = calloc(parallel, sizeof *ended);
  for (int i = 0; i < parallel; i++) {
    struct call *call = calloc(1, sizeof *call);
    call->easy = curl_easy_init();
    call->chain = next_chain++;
    curl_easy_setopt(call->easy, CURLOPT_URL, url);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, received);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    begin(call);
  }
  struct epoll_event events[256];
  int running;
  while (done < chains * steps) {
    int count = epoll_wait(epoll, events, 256, timeout_ms < 0 ? 1000 : (int)timeout_ms);
    if (count == 0 || timeout_ms == 0) { timeout_ms = -1; curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running); }
    for (int i = 0; i < count; i++) {
      int what = (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
      curl_multi_socket_action(multi, events[i].data.fd, what, &running);
    }
    collect();
    if (!ended_count) continue;
    sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
    for (int i = 0; i < ended_count; i++) {
      sqlite3_bind_int(insert, 1, ended[i]->chain);
      sqlite3_bind_int(insert, 2, ended[i]->step);
      sqlite3_bind_text(insert, 3, ended[i]->request, -1, SQLITE_STATIC);
      sqlite3_bind_text(insert, 4, ended[i]->answer, (int)ended[i]->length, SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) fail(sqlite3_errmsg(db));
      sqlite3_reset(insert);
    }
    if (sqlite3_exec(db, "COMMIT", 0, 0, 0) != SQLITE_OK) fail(sqlite3_errmsg(db));
    int again = ended_count;
    ended_count = 0;
    for (int i = 0; i < again; i++) {
      struct call *call = ended[i];
      done++;
      if (++call->step == steps) {
        if (next_chain == chains) continue;
        call->chain = next_chain++;
        call->step = 0;
      }
      begin(call);
    }
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("%.1f\n", cpu * 1e6 / (chains * steps));
  return 0;
}
