// The protocols of streams, rule by rule, against the server at the URL that is given.
import "./webSocketConnections.js";
import "./webSocketMessages.js";
import "./webSocketOperations.js";
import "./graphqlWs.js";
import "./eventStreams.js";
import "./graphqlSse.js";
