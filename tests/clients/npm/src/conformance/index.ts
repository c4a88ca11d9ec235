// The protocols of streams, rule by rule, against the server at the URL that is given.
import "./webSocketRules.js";
import "./graphqlWs.js";
import "./eventRules.js";
import "./graphqlSse.js";
