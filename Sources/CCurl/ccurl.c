#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

struct ccurl_functions ccurl_loaded;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;
static char text[512];

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(text, sizeof text, "%s", dlerror());
        problem = text;
        return;
    }
#define CCURL_FIND(name) \
    ccurl_loaded.name = (__typeof__(curl_##name) *)dlsym(library, "curl_" #name); \
    if (!ccurl_loaded.name) problem = "it has no curl_" #name;
    CCURL_FUNCTIONS(CCURL_FIND)
#undef CCURL_FIND
    if (!problem && ccurl_loaded.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) problem = "curl_global_init() failed";
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return problem;
}
