#ifndef CCURL_H
#define CCURL_H

// libcurl is loaded when the first request is made, not with the program: it brings thirty libraries, for which the loader takes
// as long as for all that a command such as `show` does. Hence wrappers for its functions; those that are variadic, which Swift
// cannot call, are typed here as well.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// The event loop that carries libcurl waits with these; the Glibc module leaves them out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define CCURL_FUNCTIONS(X) \
    X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_pause) X(easy_setopt) X(easy_strerror) X(global_init) X(multi_add_handle) \
    X(multi_cleanup) X(multi_info_read) X(multi_init) X(multi_remove_handle) X(multi_setopt) X(multi_socket_action) \
    X(multi_strerror) X(share_cleanup) X(share_init) X(share_setopt) X(slist_append) X(slist_free_all) X(version_info)

/// libcurl's functions, once they are loaded.
struct ccurl_functions {
#define CCURL_POINTER(name) __typeof__(curl_##name) *name;
    CCURL_FUNCTIONS(CCURL_POINTER)
#undef CCURL_POINTER
};
extern struct ccurl_functions ccurl_loaded;

/// Loads libcurl and initializes it, once. To be called, and to succeed, before any other of these functions; from any thread.
///
/// Returns NULL, or what is wrong, which stays valid.
const char *ccurl_load(void);

static inline CURL *ccurl_easy_init(void) { return ccurl_loaded.easy_init(); }
static inline void ccurl_easy_cleanup(CURL *handle) { ccurl_loaded.easy_cleanup(handle); }
static inline const char *ccurl_easy_strerror(CURLcode code) { return ccurl_loaded.easy_strerror(code); }
static inline CURLcode ccurl_easy_pause(CURL *handle, int mask) { return ccurl_loaded.easy_pause(handle, mask); }
static inline CURLM *ccurl_multi_init(void) { return ccurl_loaded.multi_init(); }
static inline CURLMcode ccurl_multi_cleanup(CURLM *multi) { return ccurl_loaded.multi_cleanup(multi); }
static inline const char *ccurl_multi_strerror(CURLMcode code) { return ccurl_loaded.multi_strerror(code); }
static inline CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle) { return ccurl_loaded.multi_add_handle(multi, handle); }
static inline CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle) { return ccurl_loaded.multi_remove_handle(multi, handle); }
static inline CURLMsg *ccurl_multi_info_read(CURLM *multi, int *remaining) { return ccurl_loaded.multi_info_read(multi, remaining); }
static inline CURLMcode ccurl_multi_socket_action(CURLM *multi, curl_socket_t descriptor, int mask, int *running) {
    return ccurl_loaded.multi_socket_action(multi, descriptor, mask, running);
}
static inline CURLSH *ccurl_share_init(void) { return ccurl_loaded.share_init(); }
static inline CURLSHcode ccurl_share_cleanup(CURLSH *share) { return ccurl_loaded.share_cleanup(share); }
static inline struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) {
    return ccurl_loaded.slist_append(list, text);
}
static inline void ccurl_slist_free_all(struct curl_slist *list) { ccurl_loaded.slist_free_all(list); }

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return ccurl_loaded.easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return ccurl_loaded.easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return ccurl_loaded.easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return ccurl_loaded.easy_setopt(handle, option, value);
}

// WRITEFUNCTION, HEADERFUNCTION and READFUNCTION share this shape.
typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_data_callback(CURL *handle, CURLoption option, ccurl_data_callback callback) {
    return ccurl_loaded.easy_setopt(handle, option, callback);
}
static inline CURLcode ccurl_set_seek_callback(CURL *handle, int (*callback)(void *, curl_off_t, int)) {
    return ccurl_loaded.easy_setopt(handle, CURLOPT_SEEKFUNCTION, callback);
}
static inline CURLcode ccurl_set_prerequest_callback(CURL *handle, int (*callback)(void *, char *, char *, int, int)) {
    return ccurl_loaded.easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}
static inline CURLcode ccurl_set_open_callback(
    CURL *handle, curl_socket_t (*callback)(void *, curlsocktype, struct curl_sockaddr *)) {
    return ccurl_loaded.easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode ccurl_set_close_callback(CURL *handle, int (*callback)(void *, curl_socket_t)) {
    return ccurl_loaded.easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return ccurl_loaded.easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return ccurl_loaded.easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return ccurl_loaded.easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_string(CURL *handle, CURLINFO info, const char **value) {
    return ccurl_loaded.easy_getinfo(handle, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return ccurl_loaded.multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return ccurl_loaded.multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_socket_callback(
    CURLM *multi, int (*callback)(CURL *, curl_socket_t, int, void *, void *)) {
    return ccurl_loaded.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}
static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, int (*callback)(CURLM *, long, void *)) {
    return ccurl_loaded.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

static inline const curl_version_info_data *ccurl_version(void) {
    return ccurl_loaded.version_info(CURLVERSION_NOW);
}

static inline CURLSHcode ccurl_share_set(CURLSH *share, CURLSHoption option, long value) {
    return ccurl_loaded.share_setopt(share, option, value);
}

// The result of a finished message; Swift does not import the field of the anonymous union by a stable name.
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

#endif
