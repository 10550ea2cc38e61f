package pjrt

// function is a place in the API's table of functions, to which new ones are only appended.
type function int

// The functions in use.
const (
	errorDestroy                     function = 0  // PJRT_Error_Destroy
	errorMessage                     function = 1  // PJRT_Error_Message
	errorGetCode                     function = 2  // PJRT_Error_GetCode
	pluginInitialize                 function = 3  // PJRT_Plugin_Initialize
	eventDestroy                     function = 5  // PJRT_Event_Destroy
	eventAwait                       function = 8  // PJRT_Event_Await
	clientCreate                     function = 10 // PJRT_Client_Create
	clientPlatformName               function = 12 // PJRT_Client_PlatformName
	clientPlatformVersion            function = 14 // PJRT_Client_PlatformVersion
	clientAddressableDevices         function = 16 // PJRT_Client_AddressableDevices
	clientCompile                    function = 20 // PJRT_Client_Compile
	clientBufferFromHostBuffer       function = 22 // PJRT_Client_BufferFromHostBuffer
	descriptionID                    function = 23 // PJRT_DeviceDescription_Id
	descriptionKind                  function = 26 // PJRT_DeviceDescription_Kind
	deviceGetDescription             function = 29 // PJRT_Device_GetDescription
	deviceMemoryStats                function = 34 // PJRT_Device_MemoryStats
	executableDestroy                function = 40 // PJRT_Executable_Destroy
	loadedExecutableDestroy          function = 50 // PJRT_LoadedExecutable_Destroy
	loadedExecutableGetExecutable    function = 51 // PJRT_LoadedExecutable_GetExecutable
	loadedExecutableExecute          function = 55 // PJRT_LoadedExecutable_Execute
	bufferDestroy                    function = 58 // PJRT_Buffer_Destroy
	bufferToHostBuffer               function = 70 // PJRT_Buffer_ToHostBuffer
	executableGetCompiledMemoryStats function = 96 // PJRT_Executable_GetCompiledMemoryStats
)
